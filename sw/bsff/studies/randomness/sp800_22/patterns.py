"""Tests of patterns of a few bits: how often, how far apart."""

import math
from collections.abc import Sequence

import numpy as np

from bsff.studies.randomness.statistics import Bits, Ints, p_value

from .blocks import cut, histogram_p_value


def _codes(bits: Bits, size: int, *, wrap: bool = True) -> Ints:
    """Every overlapping pattern of `size` bits as a number."""
    padded = np.concatenate([bits, bits[: size - 1]]) if wrap else bits
    count = len(padded) - size + 1
    codes = np.zeros(count, np.int64)
    for i in range(size):
        codes = 2 * codes + padded[i : i + count]
    return codes


def templates(bits: Bits, size: int = 9, blocks: int = 8) -> list[float]:
    """2.7: the 148 templates of nine bits that cannot overlap themselves, in the order of their values."""
    aperiodic = [t for t in range(2**size) if all(t >> k != t & (2 ** (size - k) - 1) for k in range(1, size))]
    length = len(bits) // blocks
    found = np.stack(
        [np.bincount(_codes(b, size, wrap=False), minlength=2**size)[aperiodic] for b in cut(bits, length)]
    )
    mean, variance = (length - size + 1) / 2**size, length * (2.0**-size - (2 * size - 1) / 4**size)
    return [p_value(s, blocks) for s in ((found - mean) ** 2 / variance).sum(0)]


def overlapping(
    bits: Bits, shares: Sequence[float] = (0.364091, 0.185659, 0.139381, 0.100571, 0.070432, 0.139865)
) -> list[float]:
    """2.8: runs of nine ones, overlapping, in each block of 1032 (appendix B still has the older shares)."""
    found = np.min([cut(bits, 1032)[:, i : i + 1024] for i in range(9)], axis=0)
    return [histogram_p_value(found.sum(1), 0, shares)]


def universal(bits: Bits) -> list[float]:
    """2.9: Maurer's test, seven bits a pattern (904,960 bits or more)."""
    size, first, mean, variance = 7, 1280, 6.1962507, 3.125
    codes = cut(bits, size).astype(np.int64) @ 2 ** np.arange(size)
    order = np.argsort(codes, kind="stable")
    gap = np.zeros(len(codes))
    gap[order[1:]] = np.where(np.diff(codes[order]) == 0, np.diff(order), order[1:] + 1)
    count = len(codes) - first
    c = 0.7 - 0.8 / size + (4 + 32 / size) * count ** (-3 / size) / 15
    return [math.erfc(abs(np.log2(gap[first:]).mean() - mean) / (c * math.sqrt(2 * variance / count)))]


def serial(bits: Bits, size: int = 12) -> list[float]:
    """2.11: frequency of overlapping patterns of a size, less those of smaller ones."""
    psi = [
        2**m / len(bits) * float((np.bincount(_codes(bits, m), minlength=2**m) ** 2).sum()) - len(bits)
        for m in (size, size - 1, size - 2)
    ]
    return [p_value(psi[0] - psi[1], 2 ** (size - 1)), p_value(psi[0] - 2 * psi[1] + psi[2], 2 ** (size - 2))]


def entropy(bits: Bits, size: int = 10) -> list[float]:
    """2.12: approximate entropy."""
    share = [np.bincount(_codes(bits, m)) / len(bits) for m in (size, size + 1)]
    phi = [float((s[s > 0] * np.log(s[s > 0])).sum()) for s in share]
    return [p_value(2 * len(bits) * (math.log(2) - phi[0] + phi[1]), 2**size)]
