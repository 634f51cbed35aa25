"""From readings to joules per sample, with the interval in which the truth lies 95 times in 100."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.errors import PowerError

from .corrections import rounding, steady, steps_before
from .interval import Interval, student
from .protocol import Record, Window
from .sensor import Accuracy

MIN_READINGS = 4
"""Readings within a window, at least."""
MAX_GAP = 1 / 3
"""Longest stretch without a reading, as a share of the window."""


@dataclass(frozen=True)
class Result:
    """What a measurement says."""

    watts: dict[str, Interval]
    """Power in each state."""
    samples_per_second: float
    """While training."""
    total: Interval
    """Joules per sample of the whole board."""
    dynamic: Interval
    """Joules per sample above the idle machine."""
    core: Interval | None
    """Joules per sample above the same traffic without the machine; None without that state."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def energy(record: Record, window: Window) -> float:
    """Joules of a window: trapezoids between the readings' own times.

    From the window's ends to the nearest reading inside, that reading holds: the one beyond is of another state, and
    would draw the result towards it.

    Raises
    ------
    PowerError
        If there are too few readings, or a large part of the window has none.
    """
    if record.joules is not None:
        return _counted(record, window)
    inside = (record.times >= window.start) & (record.times < window.end)
    times, watts = record.times[inside], record.watts[inside]
    x = np.concatenate([[window.start], times, [window.end]])
    length = window.end - window.start
    if len(times) < MIN_READINGS or np.diff(x).max() > MAX_GAP * length:
        raise PowerError(
            f"window {window.state} of repeat {window.repeat + 1}: {len(times)} readings in {length:.3g} s, the longest "
            f"gap {np.diff(x).max():.3g} s; expected at least {MIN_READINGS} and no gap above a third of the window: use "
            "longer windows, a shorter interval, or a meter's file that covers the whole recording"
        )
    y = np.concatenate([watts[:1], watts, watts[-1:]])
    return float((np.diff(x) * (y[1:] + y[:-1])).sum() / 2)


def _counted(record: Record, window: Window) -> float:
    """Joules of a window by a counter: between its first and its last change within, scaled to the whole.

    Beyond them, part of what is counted belongs to the states around.
    """
    assert record.joules is not None
    at = np.flatnonzero(np.diff(record.joules) != 0) + 1
    times, joules = record.times[at], record.joules[at]
    inside = (times >= window.start) & (times < window.end)
    times, joules = times[inside], joules[inside]
    length = window.end - window.start
    covered = float(times[-1] - times[0]) if len(times) else 0.0
    if len(times) < MIN_READINGS or covered < (1 - MAX_GAP) * length:
        raise PowerError(
            f"window {window.state} of repeat {window.repeat + 1}: the counter of energy changed {len(times)} times, over "
            f"{covered:.3g} of {length:.3g} s; expected at least {MIN_READINGS} changes over two thirds of it: use longer windows"
        )
    return float(joules[-1] - joules[0]) / covered * length


def estimate(record: Record, accuracy: Accuracy, remains: float = 0.0) -> Result:
    """Power of each state, and joules per sample.

    Gain and shunt scale all readings alike, so of a difference they scale the difference; the offset cancels in it; linearity and
    resolution do not. A steady drift is taken out, and repeats are compared in pairs, so that slow ones cancel.

    Parameters
    ----------
    record : Record
        With the states ``idle`` and ``training``.
    accuracy : Accuracy
    remains : float
        Largest share of the step from the state before that is left in the mean of a window, see `Response.remains`.

    Raises
    ------
    PowerError
        If a state or repeats are missing, readings are too few, or nothing was trained.
    """
    powers = _powers(record)
    for needed in ("idle", "training"):
        if needed not in powers:
            raise PowerError(
                f"no window of state {needed}; the record has {', '.join(powers) or 'none'}: measure again"
            )
    training = [window for window in record.windows if window.state == "training"]
    seconds = sum(window.end - window.start for window in training)
    samples = sum(window.samples for window in training)
    if samples == 0:
        raise PowerError("no sample was presented in the training windows; use longer windows, or smaller chunks")
    rate = samples / seconds
    per_sample = np.array([(w.end - w.start) / max(w.samples, 1) for w in training])
    rounded = rounding(record, accuracy)
    left = {state: remains * step for state, step in steps_before(record, powers).items()}

    def level(state: str, scale: NDArray[np.float64], seconds: float) -> Interval:
        values = powers[state] * scale
        mean = float(values.mean())
        relative = (accuracy.gain, accuracy.shunt, accuracy.curvature)
        sensor = math.hypot(*(k * mean for k in relative), accuracy.offset * seconds, rounded[state] * seconds)
        return Interval(mean, _spread(values), sensor, abs(left[state]) * seconds, len(values) - 1)

    def above(state: str) -> Interval:
        joules = (powers["training"] - powers[state]) * per_sample
        mean = float(joules.mean())
        pair = ("training", state)
        each = [accuracy.curvature * powers[name].mean() / rate for name in pair] + [rounded[n] / rate for n in pair]
        sensor = math.hypot(*(k * mean for k in (accuracy.gain, accuracy.shunt)), *each)
        return Interval(mean, _spread(joules), sensor, abs(left["training"] - left[state]) / rate, len(joules) - 1)

    watts = {state: level(state, np.ones(1), 1.0) for state in powers}
    total = level("training", per_sample, 1 / rate)
    return Result(watts, rate, total, above("idle"), above("traffic") if "traffic" in powers else None)


def _powers(record: Record) -> dict[str, NDArray[np.float64]]:
    """Mean watts by state, one for each repeat, without the drift that all states have in common."""
    states: dict[str, dict[int, float]] = {}
    middles: dict[str, dict[int, float]] = {}
    for window in record.windows:
        states.setdefault(window.state, {})[window.repeat] = energy(record, window) / (window.end - window.start)
        middles.setdefault(window.state, {})[window.repeat] = (window.start + window.end) / 2
    counts = {state: sorted(values) for state, values in states.items()}
    if len({tuple(c) for c in counts.values()}) > 1 or any(len(c) < 2 for c in counts.values()):
        raise PowerError(
            f"repeats of the states: {counts}; expected the same ones for each, two or more: measure again"
        )
    powers = {state: np.array([values[k] for k in sorted(values)]) for state, values in states.items()}
    times = {state: np.array([middles[state][k] for k in sorted(values)]) for state, values in states.items()}
    return steady(powers, times)


def _spread(values: NDArray[np.float64]) -> float:
    return student(len(values) - 1) * float(values.std(ddof=1)) / math.sqrt(len(values))
