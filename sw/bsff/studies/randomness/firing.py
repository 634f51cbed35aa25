"""p-bits of a wanted firing probability."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.golden import pbit, tables

from .statistics import Floats, Ints

FRACTION_BITS = 8
"""Fractional bits of a pre-activation: the default of a layer."""


def level(probability: float) -> int:
    """The pre-activation at which a p-bit fires with this probability."""
    return round(math.log(probability / (1 - probability)) * (1 << FRACTION_BITS))


def firing_probability(preactivation: Ints, fraction_bits: int = FRACTION_BITS) -> Floats:
    """The exact probability that a p-bit fires: the share of the table's entries with which it does."""
    noise = np.sort(tables.noise_table(fraction_bits))
    return 1 - np.searchsorted(noise, -np.asarray(preactivation), side="right") / len(noise)


def fire(draws: NDArray[Any], probability: float) -> NDArray[np.float32]:
    """p-bits of one firing probability; single precision, in which sums of up to ``2**24`` of them are exact."""
    a = np.broadcast_to(np.int64(level(probability)), draws.shape)
    return pbit.fire(a, draws, FRACTION_BITS).astype(np.float32)
