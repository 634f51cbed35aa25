"""Reads a sensor again and again beside the work that it measures."""

import threading
import time
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bsff.errors import PowerError

from .sensor import Sensor

STOP_SECONDS = 10.0
"""A sensor that does not come back from a read for so long is given up."""


class Sampler(Protocol):
    """What `protocol.measure` needs; a test may let time pass as it likes."""

    wraps: tuple[float, ...] | None
    """See `Sensor.wraps`."""

    def start(self) -> None:
        """Begin to read."""

    def check(self) -> None:
        """Raise what went wrong since."""

    def stop(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """End; returns times in seconds, and watts or, of a counter, joules."""


class ThreadSampler:
    """A thread that reads every `interval` seconds; a reading's time is the middle of its read, on the monotonic clock.

    Parameters
    ----------
    interval : float
        Seconds.
    """

    def __init__(self, sensor: Sensor, interval: float) -> None:
        if not 0 < interval < 3600:
            raise PowerError(
                f"interval = {interval} s: expected more than 0 and less than an hour; 0.02 suits most sensors"
            )
        self._sensor, self._interval, self.wraps = sensor, interval, sensor.wraps
        self._readings: list[tuple[float, float]] = []
        self._error: PowerError | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bsff-power", daemon=True)

    def start(self) -> None:
        """See `Sampler.start`."""
        self._thread.start()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._ending.is_set():
            before = time.monotonic()
            try:
                value = self._sensor.read()
            except PowerError as error:
                self._error = error
                return
            except Exception as error:  # a thread that dies silently would leave a recording with a hole
                self._error = PowerError(f"{self._sensor.name}: {error!r} while it was read; see `bsff power --list`")
                return
            self._readings.append(((before + time.monotonic()) / 2, value))
            due = max(due + self._interval, time.monotonic())
            self._ending.wait(due - time.monotonic())

    def check(self) -> None:
        """See `Sampler.check`.

        Raises
        ------
        PowerError
            If the sensor failed.
        """
        if self._error is not None:
            raise self._error

    def stop(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """See `Sampler.stop`.

        Raises
        ------
        PowerError
            If the sensor failed, or hangs.
        """
        self._ending.set()
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            raise PowerError(
                f"{self._sensor.name}: a reading has not come back for {STOP_SECONDS:g} s; unplug it or reload its driver"
            )
        self.check()
        table = np.array(self._readings, np.float64).reshape(-1, 2)
        return table[:, 0], table[:, 1]
