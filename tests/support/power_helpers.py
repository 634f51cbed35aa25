"""A board of known power: its I2C sensor, and time that passes as a test wants it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from bsff.instruments.power import Record, Sensor, measure

WATTS = {"blank": 1.5, "idle": 2.0, "traffic": 2.2, "training": 2.6}
"""True power of the states of a small board."""


@dataclass
class Bus:
    """Stands in for smbus2.SMBus with one INA chip, whose registers follow the power of the board.

    Attributes
    ----------
    chip : str
    watts : callable
        The power that the chip sees, in watts.
    volts : float
    ohms : float
        True resistance of the shunt.
    """

    chip: str
    watts: Callable[[], float]
    volts: float = 5.0
    ohms: float = 0.01
    broken: bool = False
    reason: int = errno.EREMOTEIO
    configuration: int = 0x4127
    """Of the INA226 after power-on: no averages, 1.1 ms. Of the others it says something as quick."""
    asked: list[tuple[int, int]] = field(default_factory=list)

    def read_word_data(self, address: int, register: int) -> int:
        self.asked.append((address, register))
        if self.broken:
            raise OSError(self.reason, os.strerror(self.reason))
        amperes = self.watts() / self.volts
        value = {
            "ina219": {0: self.configuration, 1: amperes * self.ohms / 10e-6, 2: int(self.volts / 4e-3) << 3},
            "ina226": {
                0: self.configuration, 1: amperes * self.ohms / 2.5e-6, 2: self.volts / 1.25e-3, 0xFE: 0x5449, 0xFF: 0x2260,
            },
            "ina260": {0: self.configuration, 1: amperes / 1.25e-3, 2: self.volts / 1.25e-3, 0xFE: 0x5449, 0xFF: 0x2270},
        }[self.chip][register]  # fmt: skip
        word = round(value) & 0xFFFF
        return (word & 0xFF) << 8 | word >> 8


class Board:
    """Workload, clock and sampler in one: a board whose power is known, in time of its own.

    Parameters
    ----------
    sensor : callable
        Makes the sensor of this board.
    rng : numpy.random.Generator
    wander : float
        Watts by which the power of a state differs from one visit to the next (standard deviation).
    rate : float
        Training samples a second.
    """

    states = ("blank", "idle", "traffic", "training")
    wraps = None

    def __init__(
        self, sensor: Callable[[Board], Sensor], rng: np.random.Generator, *, wander: float = 0.0, rate: float = 1000.0
    ) -> None:
        self.now, self.watts, self.state = 100.0, WATTS["idle"], "idle"
        self.visits: list[str] = []
        self._rng, self._wander, self._rate = rng, wander, rate
        self._sensor = sensor(self)
        self._readings: list[tuple[float, float]] = []

    def clock(self) -> float:
        return self.now

    def run(self, state: str, seconds: float) -> int:
        if state != self.state or not self.visits:
            self.state = state
            self.watts = WATTS[state] + self._rng.normal(0, self._wander)
        self.visits.append(state)
        end = self.now + seconds
        while self.now < end:
            self._readings.append((self.now, self._sensor.read()))
            self.now = min(end, self.now + self._rng.uniform(0.03, 0.07))
        return round(seconds * self._rate) if state in ("training", "traffic") else 0

    def start(self) -> None:
        pass

    def check(self) -> None:
        pass

    def stop(self) -> tuple[np.ndarray, np.ndarray]:
        times, watts = np.array(self._readings).T
        return times, watts

    def measure(self, **options: float) -> Record:
        chosen = {"seconds": 2.0, "repeats": 5, "settle": 0.2, **options}
        return measure(self, self, clock=self.clock, **chosen)  # type: ignore[arg-type]
