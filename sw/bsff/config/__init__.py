"""One TOML file describes a network, its training and its folding.

`schema` holds every key with its default, `check` parses and checks, `files` reads and writes.
"""

from .check import parse
from .datasets import DATASETS, OWN, DataSet
from .encodings import ENCODINGS, Encoding
from .files import data_of, dumps, load, names, override
from .schema import CLASSES_MAX, Config, DataConfig, HeadConfig, LayerConfig, TrainingConfig, blocks

__all__ = [
    "CLASSES_MAX",
    "DATASETS",
    "ENCODINGS",
    "OWN",
    "Config",
    "DataConfig",
    "DataSet",
    "Encoding",
    "HeadConfig",
    "LayerConfig",
    "TrainingConfig",
    "blocks",
    "data_of",
    "dumps",
    "load",
    "names",
    "override",
    "parse",
]
