"""Tests of linearity over GF(2): ranks of matrices, lengths of shift registers."""

import numpy as np

from bsff.studies.randomness.statistics import Bits, Ints

from .blocks import cut, histogram_p_value


def rank(bits: Bits) -> list[float]:
    """2.5: rank of 32 x 32 matrices over GF(2)."""
    rows = np.packbits(cut(bits, 1024), axis=1).view(">u4").astype(np.int64)
    found = np.zeros(len(rows), np.int64)
    for column in range(32):  # move a pivot below the ones found, clear the column elsewhere
        has = (rows >> column & 1 == 1) & (np.arange(32) >= found[:, None])
        some = np.flatnonzero(has.any(1))
        pivot = has[some].argmax(1)
        value, top = rows[some, pivot], found[some]
        rows[some, pivot] = rows[some, top]
        rows[some] ^= np.where(rows[some] >> column & 1 == 1, value[:, None], 0)
        rows[some, top] = value
        found[some] += 1
    full = float(np.prod(1 - 0.5 ** np.arange(1.0, 33)))
    return [histogram_p_value(found, 30, (1 - 3 * full, 2 * full, full))]


def linear_complexity(blocks: Bits) -> Ints:
    """Length of the shortest LFSR that makes each row: Berlekamp and Massey's algorithm on all rows at once."""
    number, size = blocks.shape
    series = np.packbits(blocks.T, axis=1)  # one bit a row
    current, other = np.zeros((2, size + 2, series.shape[1]), np.uint8)
    current[0] = other[1] = 255
    length = np.zeros(number, np.int64)
    for i in range(size):
        wrong = np.bitwise_xor.reduce(current[: i + 1] & series[i::-1], axis=0)
        longer = np.unpackbits(wrong, count=number).astype(bool) & (2 * length <= i)
        mask = np.packbits(longer)
        fixed = current[: i + 2] ^ (other[: i + 2] & wrong)
        other[1 : i + 3] = (other[: i + 2] & ~mask) | (current[: i + 2] & mask)
        other[0] = 0
        current[: i + 2] = fixed
        length[longer] = i + 1 - length[longer]
    return length


def complexity(bits: Bits, first: float = 0.010417) -> list[float]:
    """2.10: linear complexity of each block of 500 (appendix B has 0.01047 for the first share)."""
    excess = linear_complexity(cut(bits, 500)) - 250
    return [histogram_p_value(excess, -3, (first, 0.03125, 0.125, 0.5, 0.25, 0.0625, 0.020833))]
