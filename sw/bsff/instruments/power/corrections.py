"""What is taken out of the readings before they are compared, and what cannot be: drift, rounding, the state before."""

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from .interval import MANY, student
from .protocol import Record
from .sensor import Accuracy


def steady(
    powers: dict[str, NDArray[np.float64]], times: dict[str, NDArray[np.float64]]
) -> dict[str, NDArray[np.float64]]:
    """Take out the straight line in time that fits all states beside a level of each (least squares).

    Since repeats begin with different states, a drift that is left in would look like scatter. The levels are those of the mean time.
    """
    if not powers:
        return powers
    centre = np.concatenate(list(times.values())).mean()
    away = {state: each - each.mean() for state, each in times.items()}
    above = sum(float((away[state] * powers[state]).sum()) for state in powers)
    line = above / sum(float((each**2).sum()) for each in away.values())
    return {state: powers[state] - line * (times[state] - centre) for state in powers}


def rounding(record: Record, accuracy: Accuracy) -> dict[str, float]:
    """Half-width, in watts, of what rounding of the readings does to the mean of a state.

    A quiet board is rounded the same way each time, which no repeat shows: the error is then even over a step of the sensor. Noise of
    a step's size takes it out of the mean, by the factor of a Gaussian dither (B. Widrow and I. Kollar, Quantization Noise, 2008).
    """
    values: dict[str, list[NDArray[np.float64]]] = {}
    for window in record.windows:
        inside = (record.times >= window.start) & (record.times < window.end)
        values.setdefault(window.state, []).append(record.watts[inside])
    step = accuracy.resolution
    if step is None:
        gaps = np.diff(np.unique(np.concatenate([part for parts in values.values() for part in parts])))
        # of a counter, rounding shows in the scatter of windows, which begin and end anywhere
        step = float(gaps.min()) if len(gaps) and record.joules is None else 0.0
    if step == 0:
        return dict.fromkeys(values, 0.0)
    even = student(MANY) / math.sqrt(12) * step
    return {
        state: even * math.exp(-2 * (math.pi * float(np.mean([part.std() for part in parts])) / step) ** 2)
        for state, parts in values.items()
    }


def steps_before(record: Record, powers: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    """Mean power of the window before, less that of the state, in watts; 0 counts for the first window."""
    windows = sorted(record.windows, key=lambda window: window.start)
    repeats = sorted({window.repeat for window in windows})
    level = {(w.state, w.repeat): float(powers[w.state][repeats.index(w.repeat)]) for w in windows}
    found: dict[str, float] = dict.fromkeys(powers, 0.0)
    for before, window in itertools.pairwise(windows):
        step = level[before.state, before.repeat] - level[window.state, window.repeat]
        found[window.state] += step / len(repeats)
    return found
