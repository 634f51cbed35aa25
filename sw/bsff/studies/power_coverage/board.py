"""A board of known power and its sensor, in time of their own: workload, sampler and clock in one.

The power is constant in a visit of a state, but for a slow drift and a ripple, so that its integral is known in closed form at all times.
Readings of a whole recording are then computed at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bsff.instruments.power import STATES, Accuracy

Array = NDArray[np.float64]
WATTS = {"blank": 1.5, "idle": 2.0, "traffic": 2.2, "training": 3.0}
"""True power of the states."""
RATE = 1000.0
"""Training samples a second: training above idle is then 1 mJ a sample."""
ACCURACY = Accuracy(gain=0.01, offset=0.02, shunt=0.01, linearity=0.002)
"""What the sensor claims; its faults are drawn from that, 95 of 100 within."""
SIGMA = 1.959964


@dataclass(frozen=True)
class Sensor:
    """What a simulated sensor does to the power."""

    kind: str = "block"
    """``block`` or ``moving`` mean, ``exponential`` decay, ``sample`` of the moment, or ``counter`` of energy."""
    average: float = 0.1
    """Seconds of the mean; time constant of the decay."""
    refresh: float | None = None
    """Seconds between new values; None: as `average`."""
    jitter: float = 0.0
    """Of the times of refresh, relative to `refresh` (standard deviation)."""
    noise: float = 0.005
    """Watts, standard deviation of a new value."""
    step: float = 0.0
    """Watts (joules of a counter) to which a value is rounded."""
    dropped: float = 0.0
    """Share of the readings that do not come; a tenth of them is lost in runs of twenty."""

    @property
    def period(self) -> float:
        """Seconds between new values."""
        return self.average if self.refresh is None else self.refresh


@dataclass(frozen=True)
class Conditions:
    """What the board does beside the states."""

    wander: float = 0.01
    """Watts by which a state differs from one visit to the next (standard deviation)."""
    drift: float = 0.0
    """Watts an hour."""
    ripple: float = 0.0
    """Amplitude in watts of a wave of 0.37 s."""


class SimulatedBoard:
    """Workload, sampler and clock of a board.

    Parameters
    ----------
    sensor : Sensor
    conditions : Conditions
    rng : numpy.random.Generator
    faults : bool
        Whether gain, offset, shunt and linearity are drawn from `ACCURACY`; else they are right.
    """

    states: tuple[str, ...] = STATES

    def __init__(
        self, sensor: Sensor, conditions: Conditions, rng: np.random.Generator, *, faults: bool = True
    ) -> None:
        self._sensor, self._conditions, self._rng = sensor, conditions, rng
        sigma = (1 if faults else 0) / SIGMA
        self._gain = 1 + sigma * float(np.hypot(ACCURACY.gain, ACCURACY.shunt)) * rng.normal()
        self._offset = sigma * ACCURACY.offset * rng.normal()
        self._curve = {state: 1 + sigma * ACCURACY.curvature * rng.normal() for state in STATES}
        self._breaks, self._powers, self._state = [0.0], [WATTS["idle"]], "idle"
        self._from = 0.0
        self.wraps: tuple[float, ...] | None = () if sensor.kind == "counter" else None
        self.run("idle", 2 * sensor.average + 5)  # it was on before anybody looked

    def clock(self) -> float:
        """Seconds since it was switched on."""
        return self._breaks[-1]

    def run(self, state: str, seconds: float) -> int:
        """See `Workload.run`."""
        if state != self._state or len(self._powers) == 1:
            self._state, self._power = state, WATTS[state] + self._rng.normal(0, self._conditions.wander)
        seen = self._power * self._gain * self._curve[state] + self._offset
        self._powers.append(seen)
        self._breaks.append(self._breaks[-1] + seconds)
        return round(seconds * RATE) if state in ("training", "traffic") else 0

    def start(self) -> None:
        """See `Sampler.start`."""
        self._from = self.clock()

    def check(self) -> None:
        """See `Sampler.check`."""

    def stop(self) -> tuple[Array, Array]:
        """See `Sampler.stop`."""
        sensor, rng, end = self._sensor, self._rng, self.clock()
        # a new value is read some times; of a counter, the moment of its change matters
        interval = 0.02 if sensor.kind == "counter" else min(0.5, max(0.02, sensor.period / 5))
        count = int(1.1 * (end - self._from) / interval) + 20
        times = self._from + np.cumsum(interval * rng.uniform(0.7, 1.3, count))
        times = times[times < end]
        if sensor.dropped:
            times = times[~self._lost(len(times))]
        grid, values = self._values(end)
        shown = values[np.searchsorted(grid, times, side="right") - 1]
        return times, shown

    def _lost(self, count: int) -> NDArray[np.bool_]:
        alone = self._rng.random(count) < 0.9 * self._sensor.dropped
        starts = self._rng.random(count) < 0.1 * self._sensor.dropped / 20
        return alone | (np.convolve(starts, np.ones(20))[:count] > 0)

    def _integral(self, times: Array) -> Array:
        """Joules up to each time, the sensor's faults included."""
        edges = np.array(self._breaks)
        joules = np.concatenate([[0.0], np.cumsum(np.diff(edges) * np.array(self._powers[1:]))])
        drift = self._conditions.drift / 3600 * times**2 / 2
        wave = 2 * np.pi / 0.37
        ripple = self._conditions.ripple / wave * (1 - np.cos(wave * times))
        return np.interp(times, edges, joules) + drift + ripple

    def _values(self, end: float) -> tuple[Array, Array]:
        """When the sensor has new values, and which."""
        sensor, rng = self._sensor, self._rng
        count = int(end / sensor.period) + 2
        grid = (np.arange(count) + rng.random()) * sensor.period
        if sensor.jitter:
            grid = np.sort(grid + sensor.jitter * sensor.period * rng.uniform(-1, 1, count) * np.sqrt(3))
        grid = np.maximum(grid, 0.0)
        joules = self._integral(grid)
        if sensor.kind == "counter":
            values = joules
        elif sensor.kind == "exponential":
            mean = np.diff(joules) / np.maximum(np.diff(grid), 1e-9)
            keep = np.exp(-np.diff(grid) / sensor.average)
            values = np.empty(count)
            values[0] = mean[0]
            for k in range(count - 1):
                values[k + 1] = keep[k] * values[k] + (1 - keep[k]) * mean[k]
        else:
            if sensor.kind == "block":
                before = np.concatenate([[0.0], grid[:-1]])
            else:
                before = np.maximum(grid - (sensor.average if sensor.kind == "moving" else 1e-3), 0.0)
            values = (joules - self._integral(before)) / np.maximum(grid - before, 1e-9)
        if sensor.kind != "counter":
            values = values + rng.normal(0, sensor.noise, count)
        return grid, np.round(values / sensor.step) * sensor.step if sensor.step else values
