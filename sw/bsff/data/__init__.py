"""Data sets as 8-bit images with labels, from the user's own files or from a checked download."""

from .dataset import Dataset
from .load import load_dataset

__all__ = ["Dataset", "load_dataset"]
