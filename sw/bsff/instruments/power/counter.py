"""Counters of energy: overflows put right, and power as their slope."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bsff.errors import PowerError

_NEAR = 0.1
"""An overflow is believed if no more than this share of the range was counted around it."""


def unwrap(values: NDArray[np.float64], wraps: Sequence[float]) -> NDArray[np.float64]:
    """Joules that only rise, from those of a counter that begins at 0 again.

    Parameters
    ----------
    values : array of float, shape (N,)
        As read.
    wraps : sequence of float
        Joules after which the counter may begin again. Between two readings there may be one overflow.

    Raises
    ------
    PowerError
        If it fell, and none of `wraps` explains that.
    """
    steps = np.diff(values, prepend=values[:1])
    for at in np.flatnonzero(steps < 0):
        before, after = float(values[at - 1]), float(values[at])
        fits = [wrap for wrap in wraps if wrap >= before and wrap - before + after <= _NEAR * wrap]
        if not fits:
            ranges = ", ".join(f"{wrap:.6g}" for wrap in wraps) or "none known"
            raise PowerError(
                f"the counter of energy fell from {before:.6g} to {after:.6g} J, expected it to rise, or to begin again at its "
                f"range ({ranges} J); was its driver reloaded? Measure again"
            )
        steps[at] += min(fits)
    return values[:1].sum() + np.cumsum(steps)


def slope(times: NDArray[np.float64], joules: NDArray[np.float64]) -> NDArray[np.float64]:
    """Watts at the times of a counter's readings: between two values that differ, the mean of the time between them.

    Parameters
    ----------
    times, joules : array of float, shape (N,)

    Returns
    -------
    array of float, shape (N,)
        Held from one change of the counter to the next one, as a sensor of power would show it.
    """
    at = np.flatnonzero(np.diff(joules) != 0) + 1
    if len(at) < 2:
        return np.zeros(len(times))
    power = np.diff(joules[at]) / np.diff(times[at])
    return np.asarray(power[np.clip(np.searchsorted(at, np.arange(len(times)), side="right") - 2, 0, len(power) - 1)])
