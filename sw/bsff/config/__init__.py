"""One TOML file describes a network, its training and its folding."""

from .check import parse
from .files import dumps, load, names, override
from .schema import CLASSES, Config, DataConfig, HeadConfig, LayerConfig, TrainingConfig

__all__ = [
    "CLASSES",
    "Config",
    "DataConfig",
    "HeadConfig",
    "LayerConfig",
    "TrainingConfig",
    "dumps",
    "load",
    "names",
    "override",
    "parse",
]
