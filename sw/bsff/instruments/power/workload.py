"""The four states of a real machine."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.machine import Accelerator

from .protocol import STATES

CHUNK_SECONDS = 0.5
"""A presentation is made about so long, so that a window ends near its time."""


class MachineWorkload:
    """Presents samples, throws them away, waits, or stops the clock.

    Traffic comes at the rate of training, so that the two differ by the machine's work alone. ``blank`` is left out where
    the device cannot stop the machine's clock (`stop_clock`, `start_clock`); a board's is slowed down 400 times.

    Parameters
    ----------
    machine : Accelerator
        With a state and step sizes.
    pixels, labels : array
        As `Accelerator.present` takes them; they are presented again and again.
    """

    def __init__(self, machine: Accelerator, device: Any, pixels: NDArray[np.uint8], labels: NDArray[Any]) -> None:
        self._machine, self._device = machine, device
        self._pixels, self._labels = pixels, labels
        self._rate = 0.0  # of training, samples a second
        self._chunk, self._at = 1, 0
        can_stop = hasattr(device, "stop_clock") and hasattr(device, "start_clock")
        self.states: tuple[str, ...] = STATES if can_stop else STATES[1:]

    def _next(self) -> slice:
        start = self._at if self._at < len(self._labels) else 0
        self._at = min(start + self._chunk, len(self._labels))
        return slice(start, self._at)

    def run(self, state: str, seconds: float) -> int:
        """See `protocol.Workload.run`."""
        begin = time.monotonic()
        if state == "blank":
            self._device.stop_clock()
            try:
                time.sleep(seconds)
            finally:
                self._device.start_clock()
            return 0
        if state == "idle":
            time.sleep(seconds)
            return 0
        count = 0
        while time.monotonic() - begin < seconds:
            part = self._next()
            size = part.stop - part.start
            if state == "training":
                before = time.monotonic()
                self._machine.present(self._pixels[part], self._labels[part], learn=True)
                fits = int(size / max(time.monotonic() - before, 1e-9) * CHUNK_SECONDS)
                self._chunk = max(1, min(fits, 2 * self._chunk, len(self._labels)))
            else:
                self._machine.discard(self._pixels[part], self._labels[part])
                if self._rate:  # else nothing was trained yet, and how fast is not known
                    time.sleep(max(0.0, begin + (count + size) / self._rate - time.monotonic()))
            count += size
        if state == "training" and count:
            self._rate = count / (time.monotonic() - begin)
        return count
