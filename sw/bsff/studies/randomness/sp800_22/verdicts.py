"""All tests on many sequences, and what NIST says of the p-values."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from bsff.studies.randomness.statistics import Bits, Floats, Ints, chi_square, p_value, special

from .linear import complexity, rank
from .ones import block_frequency, frequency, longest_run, runs, spectral
from .patterns import entropy, overlapping, serial, templates, universal
from .walk import cumulative, excursions, variant

SHORT, LONG = 2**17, 2**20
"""Bits of a NIST sequence; the tests that need a million bits get the same bits in longer sequences."""


def allowed(sequences: int) -> int:
    """Sequences with p < 0.01 that NIST's rule of three standard deviations allows (section 4.2.1)."""
    return math.floor(0.01 * sequences + 3 * math.sqrt(0.0099 * sequences))


def tenths(p: Floats) -> Ints:
    """How many p-values of each column lie in each tenth, shape (columns, 10)."""
    return np.stack([np.bincount(np.minimum(c * 10, 9).astype(np.int64), minlength=10) for c in p.T])


def chance(failures: int, sequences: int) -> float:
    """Chance that a perfect generator has so many sequences with p < 0.01, or more."""
    return float(special().bdtrc(failures - 1, sequences, 0.01)) if failures else 1.0


def uniformity(counts: Ints) -> float:
    """p-value of the p-values' uniformity over ten bins, of the worst column of `tenths`."""
    return min(p_value(chi_square(each, np.full(10, each.sum() / 10)), 9) for each in counts)


@dataclass(frozen=True)
class Verdict:
    """One NIST test on many sequences."""

    test: str
    sequences: int
    columns: int
    """`sequences` and `columns`: sequences, and p-values of each."""
    failures: int
    """Sequences with p < 0.01, of the column that has the most."""
    tail: float
    """Chance that a perfect generator has so many in a column."""
    uniformity: float | None
    """p-value of the p-values' uniformity over ten bins, of the worst column; None with less than 55 sequences."""

    @property
    def allowed(self) -> int:
        """See `allowed`."""
        return allowed(self.sequences)


Test = Callable[[Bits], list[float]]
SHORT_TESTS: tuple[Test, ...] = (
    frequency,
    block_frequency,
    runs,
    longest_run,
    rank,
    spectral,
    templates,
    complexity,
    serial,
    entropy,
    cumulative,
)
LONG_TESTS: tuple[Test, ...] = (overlapping, universal, excursions, variant)


def verdict(test: Test, sequences: Iterable[Bits]) -> Verdict:
    """Run one test on every sequence."""
    p = np.array([row for row in map(test, sequences) if row])
    if not p.size:
        return Verdict(test.__name__, 0, 0, 0, 1.0, None)
    failures = int((p < 0.01).sum(0).max())
    uniform = uniformity(tenths(p)) if len(p) >= 55 else None
    return Verdict(test.__name__, len(p), p.shape[1], failures, chance(failures, len(p)), uniform)


def nist(bits: Bits) -> list[Verdict]:
    """All fifteen tests on the same bits, a multiple of `LONG`."""
    short = [verdict(test, bits.reshape(-1, SHORT)) for test in SHORT_TESTS]
    return short + [verdict(test, bits.reshape(-1, LONG)) for test in LONG_TESTS]
