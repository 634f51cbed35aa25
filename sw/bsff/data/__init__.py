"""Data sets as maps of 8 bits with labels: from the catalogue's files, from the user's own, from arrays.

`load_dataset` reads what a configuration names, `from_arrays` and `from_samples` take what a program has; `resolve`
fills in a configuration by its data, `Scaling` and `to_images` bring later samples into the same form.
"""

from .arrays import from_arrays, to_images
from .dataset import Dataset
from .load import load_dataset
from .resolve import resolve
from .samples import from_samples
from .scaling import Scaling

__all__ = ["Dataset", "Scaling", "from_arrays", "from_samples", "load_dataset", "resolve", "to_images"]
