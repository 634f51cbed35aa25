"""From readings to joules per sample, with the interval in which the truth lies 95 times in 100."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.errors import PowerError

from .protocol import Record, Window
from .sensor import Accuracy

MIN_READINGS = 4
"""Readings within a window, at least."""
MAX_GAP = 1 / 3
"""Longest stretch without a reading, as a share of the window."""
# Student's t, 97.5 %, by degrees of freedom from 1
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True)
class Interval:
    """A value and the half-widths of its 95 % interval."""

    value: float
    spread: float
    """From how the repeats differ."""
    sensor: float
    """From the sensor's gain, offset, shunt and linearity."""

    @property
    def half(self) -> float:
        """Of the whole, in quadrature."""
        return math.hypot(self.spread, self.sensor)

    def __contains__(self, truth: float) -> bool:
        return abs(truth - self.value) <= self.half


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


def student(freedom: int) -> float:
    """97.5 % of Student's t.

    Parameters
    ----------
    freedom : int
        Degrees of freedom, from 1.
    """
    if freedom <= len(_T):
        return _T[freedom - 1]
    # Cornish and Fisher's expansion, good to the third decimal here
    z = 1.959964
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def energy(record: Record, window: Window) -> float:
    """Joules of a window: trapezoids between the readings' own times.

    From the window's ends to the nearest reading inside, that reading holds: the one beyond is of another state, and
    would draw the result towards it.

    Raises
    ------
    PowerError
        If there are too few readings, or a large part of the window has none.
    """
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


def estimate(record: Record, accuracy: Accuracy) -> Result:
    """Power of each state, and joules per sample.

    Gain and shunt scale all readings alike, so of a difference they scale the difference; the offset cancels in it; the
    linearity does not. Repeats are compared in pairs, so that slow drifts cancel. All half-widths add in quadrature.

    Parameters
    ----------
    record : Record
        With the states ``idle`` and ``training``.

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
    watts = {state: _level(values, accuracy) for state, values in powers.items()}
    total = _level(powers["training"] * per_sample, accuracy, 1 / rate)

    def above(state: str) -> Interval:
        joules = (powers["training"] - powers[state]) * per_sample
        common = (accuracy.gain, accuracy.shunt)
        each = [accuracy.curvature * powers[name].mean() / rate for name in ("training", state)]
        return Interval(
            float(joules.mean()), _spread(joules), math.hypot(*(k * float(joules.mean()) for k in common), *each)
        )

    return Result(watts, rate, total, above("idle"), above("traffic") if "traffic" in powers else None)


def _powers(record: Record) -> dict[str, NDArray[np.float64]]:
    """Mean watts by state, one for each repeat."""
    states: dict[str, dict[int, float]] = {}
    for window in record.windows:
        states.setdefault(window.state, {})[window.repeat] = energy(record, window) / (window.end - window.start)
    counts = {state: sorted(values) for state, values in states.items()}
    if len({tuple(c) for c in counts.values()}) > 1 or any(len(c) < 2 for c in counts.values()):
        raise PowerError(
            f"repeats of the states: {counts}; expected the same ones for each, two or more: measure again"
        )
    return {state: np.array([values[k] for k in sorted(values)]) for state, values in states.items()}


def _spread(values: NDArray[np.float64]) -> float:
    return student(len(values) - 1) * float(values.std(ddof=1)) / math.sqrt(len(values))


def _level(values: NDArray[np.float64], accuracy: Accuracy, seconds: float = 1.0) -> Interval:
    """Of a quantity that is not a difference; `seconds` turn the offset's watts into its unit."""
    mean = float(values.mean())
    relative = (accuracy.gain, accuracy.shunt, accuracy.curvature)
    return Interval(mean, _spread(values), math.hypot(*(k * mean for k in relative), accuracy.offset * seconds))
