"""From readings to joules per sample, with the interval in which the truth lies 95 times in 100."""

import itertools
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
MANY = 1_000_000
"""Degrees of freedom of what is known and not estimated."""
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
    """From the sensor's gain, offset, shunt, linearity and resolution."""
    lag: float = 0.0
    """Bound of what the state before may have left in a slow sensor's readings; it has a direction, so it is added."""
    freedom: int = MANY
    """Degrees of freedom of `spread`."""

    @property
    def half(self) -> float:
        """Of the whole: variances added, with the effective degrees of freedom of Welch and Satterthwaite (JCGM 100:2008, G.4)."""
        repeats, sensor = (self.spread / student(self.freedom)) ** 2, (self.sensor / student(MANY)) ** 2
        if repeats == 0:
            return self.sensor + self.lag
        freedom = self.freedom * ((repeats + sensor) / repeats) ** 2
        return student(min(freedom, MANY)) * math.sqrt(repeats + sensor) + self.lag

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


def student(freedom: float) -> float:
    """97.5 % of Student's t.

    Parameters
    ----------
    freedom : float
        Degrees of freedom, from 1; between whole ones it is interpolated in their reciprocal.
    """
    if freedom < len(_T):
        low = int(freedom)
        share = (1 / low - 1 / freedom) * low * (low + 1)
        return _T[low - 1] + share * (_T[low] - _T[low - 1])
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
    rounding = _rounding(record, accuracy)
    left = {state: remains * step for state, step in _steps_before(record, powers).items()}

    def level(state: str, scale: NDArray[np.float64], seconds: float) -> Interval:
        values = powers[state] * scale
        mean = float(values.mean())
        relative = (accuracy.gain, accuracy.shunt, accuracy.curvature)
        sensor = math.hypot(*(k * mean for k in relative), accuracy.offset * seconds, rounding[state] * seconds)
        return Interval(mean, _spread(values), sensor, abs(left[state]) * seconds, len(values) - 1)

    def above(state: str) -> Interval:
        joules = (powers["training"] - powers[state]) * per_sample
        mean = float(joules.mean())
        pair = ("training", state)
        each = [accuracy.curvature * powers[name].mean() / rate for name in pair] + [rounding[n] / rate for n in pair]
        sensor = math.hypot(*(k * mean for k in (accuracy.gain, accuracy.shunt)), *each)
        return Interval(mean, _spread(joules), sensor, abs(left["training"] - left[state]) / rate, len(joules) - 1)

    watts = {state: level(state, np.ones(1), 1.0) for state in powers}
    total = level("training", per_sample, 1 / rate)
    return Result(watts, rate, total, above("idle"), above("traffic") if "traffic" in powers else None)


def _rounding(record: Record, accuracy: Accuracy) -> dict[str, float]:
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


def _steps_before(record: Record, powers: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    """Mean power of the window before, less that of the state, in watts; 0 counts for the first window."""
    windows = sorted(record.windows, key=lambda window: window.start)
    repeats = sorted({window.repeat for window in windows})
    level = {(w.state, w.repeat): float(powers[w.state][repeats.index(w.repeat)]) for w in windows}
    found: dict[str, float] = dict.fromkeys(powers, 0.0)
    for before, window in itertools.pairwise(windows):
        step = level[before.state, before.repeat] - level[window.state, window.repeat]
        found[window.state] += step / len(repeats)
    return found


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
    return _steady(powers, times)


def _steady(
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


def _spread(values: NDArray[np.float64]) -> float:
    return student(len(values) - 1) * float(values.std(ddof=1)) / math.sqrt(len(values))
