"""Tests of the random walk that a sequence makes: a step up for a one, down for a zero."""

import math
from collections.abc import Sequence

import numpy as np

from bsff.studies.randomness.statistics import Bits, Ints, special

from .blocks import histogram_p_value


def cumulative(bits: Bits) -> list[float]:
    """2.13: the farthest that the random walk goes, forward and backward."""
    walk = np.cumsum(2 * bits.astype(np.int64) - 1)
    n = len(bits)
    result = []
    for far in (np.abs(walk).max(), np.abs(walk[-1] - np.concatenate([[0], walk[:-1]])).max()):
        k = np.arange(-n // far // 4 - 1, n // far // 4 + 2)
        phi = special().ndtr
        scale = far / math.sqrt(n)
        inner = phi((4 * k + 1) * scale) - phi((4 * k - 1) * scale)
        outer = phi((4 * k + 3) * scale) - phi((4 * k + 1) * scale)
        result.append(1 - float(inner.sum() - outer.sum()))
    return result


def _visits(bits: Bits, states: Sequence[int]) -> Ints:
    """Visits of the random walk to each state in each of its cycles, shape (states, cycles)."""
    walk = np.cumsum(2 * bits.astype(np.int64) - 1)
    walk = np.append(walk, 0) if walk[-1] else walk
    cycle = np.cumsum(walk == 0) - (walk == 0)
    return np.stack([np.bincount(cycle[walk == x], minlength=cycle[-1] + 1) for x in states])


def excursions(bits: Bits) -> list[float]:
    """2.14: visits to the states -4 .. 4 in a cycle of the random walk; none with fewer than 500 cycles."""
    states = [x for x in range(-4, 5) if x]
    visits = _visits(bits, states)
    result = []
    for x, v in zip(states, visits, strict=True):
        back = 1 - 1 / (2 * abs(x))
        shares = [back, *((1 - back) ** 2 * back ** (k - 1) for k in range(1, 5)), (1 - back) * back**4]
        result.append(histogram_p_value(v, 0, shares))
    return result if visits.shape[1] >= 500 else []


def variant(bits: Bits) -> list[float]:
    """2.15: visits to the states -9 .. 9 in all; none with fewer than 500 cycles."""
    states = [x for x in range(-9, 10) if x]
    visits = _visits(bits, states)
    cycles = visits.shape[1]
    if cycles < 500:
        return []
    spreads = (math.sqrt(2 * cycles * (4 * abs(x) - 2)) for x in states)
    return [math.erfc(abs(v - cycles) / spread) for v, spread in zip(visits.sum(1), spreads, strict=True)]
