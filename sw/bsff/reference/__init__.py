"""The float reference: binary stochastic forward-forward in PyTorch, with batches and Adam.

Read `pbit`, `goodness` and `layer`, in this order: they are the algorithm.
"""

from .absorb import absorb
from .encode import encode
from .goodness import Normalisation, Sums, goodness, local_loss, sums
from .head import Head
from .layer import Layer, Map, reading
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
    "Sums",
    "absorb",
    "encode",
    "evaluate",
    "fit",
    "goodness",
    "local_loss",
    "reading",
    "sample",
    "sums",
    "thresholds",
]
