"""The float reference: binary stochastic forward-forward in PyTorch, with batches and Adam.

Read `pbit`, `goodness` and `layer`, in this order: they are the algorithm.
"""

from .absorb import absorb, fold
from .encode import encode
from .goodness import Normalisation, goodness, local_loss
from .head import Head
from .layer import Layer, Map
from .network import Network, Prediction
from .pbit import sample, thresholds
from .rule import Rule
from .train import Accuracy, Epoch, evaluate, fit

__all__ = [
    "Accuracy",
    "Epoch",
    "Head",
    "Layer",
    "Map",
    "Network",
    "Normalisation",
    "Prediction",
    "Rule",
    "absorb",
    "encode",
    "evaluate",
    "fit",
    "fold",
    "goodness",
    "local_loss",
    "sample",
    "thresholds",
]
