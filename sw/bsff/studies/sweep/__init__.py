"""Sweeps: many trainings from one specification, into one results file that says how each row was made."""

from .cell import Cell
from .results import Results
from .spec import Spec, load_spec

__all__ = ["Cell", "Results", "Spec", "load_spec"]
