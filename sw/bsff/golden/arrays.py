"""The type of nearly every array of the golden model."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
"""Integers of the machine: 64 bits hold every intermediate exactly."""
