"""Tests of the ones: how many, in what runs, how periodic."""

import math

import numpy as np

from bsff.studies.randomness.statistics import Bits, p_value

from .blocks import cut, histogram_p_value


def frequency(bits: Bits) -> list[float]:
    """2.1: ones in all."""
    return [math.erfc(abs(2 * int(bits.sum()) - len(bits)) / math.sqrt(2 * len(bits)))]


def block_frequency(bits: Bits, size: int = 128) -> list[float]:
    """2.2: ones in each block."""
    ones = cut(bits, size).sum(1, dtype=np.int64)
    return [p_value(float((4 / size * (ones - size / 2) ** 2).sum()), len(ones))]


def runs(bits: Bits) -> list[float]:
    """2.3: number of runs."""
    n, share = len(bits), bits.mean()
    spread = 2 * share * (1 - share)
    return [math.erfc(abs(1 + np.count_nonzero(np.diff(bits)) - n * spread) / (math.sqrt(2 * n) * spread))]


def longest_run(bits: Bits) -> list[float]:
    """2.4: longest run of ones in each block."""
    size, low, shares = (
        (10_000, 10, (0.0882, 0.2092, 0.2483, 0.1933, 0.1208, 0.0675, 0.0727))
        if len(bits) >= 750_000
        else (128, 4, (0.1174, 0.2430, 0.2493, 0.1752, 0.1027, 0.1124))
    )
    blocks = cut(bits, size)
    place = np.arange(1, size + 1)
    last_zero = np.maximum.accumulate(np.where(blocks == 0, place, 0), axis=1)
    return [histogram_p_value((place - last_zero).max(1), low, shares)]


def spectral(bits: Bits) -> list[float]:
    """2.6: peaks of the Fourier transform."""
    n = len(bits)
    low = np.count_nonzero(np.abs(np.fft.rfft(2.0 * bits - 1))[: n // 2] < math.sqrt(n * math.log(20)))
    return [math.erfc(abs(low - 0.95 * n / 2) / math.sqrt(n * 0.95 * 0.05 / 2))]
