"""The spread of a saving over all assumptions, and the share that each of them has in it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .assumptions import ASSUMPTIONS, NAMES

Array = NDArray[np.float64]
Model = Callable[[dict[str, Array]], Array]


@dataclass(frozen=True)
class Spread:
    """Of a saving."""

    low: float
    middle: float
    high: float
    """`low`, `middle`, `high`: 2.5, 50 and 97.5 per cent of the draws."""
    first: dict[str, float]
    """By assumption: the share of the variance of the logarithm that goes when it alone is known (Sobol's first-order index)."""
    swing: dict[str, tuple[float, float]]
    """By assumption: the smallest and largest saving over its range, all others in the middle."""


def _values(shares: Array) -> dict[str, Array]:
    return {each.name: each.value(shares[:, k]) for k, each in enumerate(ASSUMPTIONS)}


def spread(model: Model, rng: np.random.Generator, draws: int) -> Spread:
    """Draw all assumptions at once, and each pair of half-changed draws.

    First-order indices by the estimator of A. Saltelli et al., Variance based sensitivity analysis of model output, Computer Physics
    Communications 181 (2010), table 2 (b).

    Parameters
    ----------
    model : callable
        From the values of all assumptions to savings, both arrays of N.
    draws : int
    """
    one, other = rng.random((2, draws, len(ASSUMPTIONS)))
    a, b = (np.log10(model(_values(shares))) for shares in (one, other))
    whole = np.concatenate([a, b])
    first = {}
    for k, name in enumerate(NAMES):
        mixed = one.copy()
        mixed[:, k] = other[:, k]
        first[name] = float(np.mean((b - b.mean()) * (np.log10(model(_values(mixed))) - a)) / whole.var())
    places = np.linspace(0, 1 - 1e-9, 13)  # just inside, where a choice of whole numbers still has its last one
    swing = {}
    for k, name in enumerate(NAMES):
        line = np.full((len(places), len(ASSUMPTIONS)), 0.5)
        line[:, k] = places
        seen = model(_values(line))
        swing[name] = (float(seen.min()), float(seen.max()))
    low, centre, high = np.quantile(10**whole, (0.025, 0.5, 0.975))
    return Spread(float(low), float(centre), float(high), first, swing)
