"""What many of the tests share: blocks of a sequence, and the p-value of a histogram."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.studies.randomness.statistics import Bits, chi_square, p_value


def cut(bits: Bits, size: int) -> Bits:
    """As many whole blocks of `size` bits as there are, one a row."""
    return bits[: len(bits) // size * size].reshape(-1, size)


def histogram_p_value(values: NDArray[Any], low: int, shares: Sequence[float]) -> float:
    """p-value of a histogram with one bin from `low` down, single values, and one bin for all above."""
    bins = np.bincount(np.clip(values - low, 0, len(shares) - 1).astype(np.int64), minlength=len(shares))
    return p_value(chi_square(bins, len(values) * np.array(shares)), len(shares) - 1)
