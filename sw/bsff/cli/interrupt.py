"""Ctrl-C, so that what was trained is saved first."""

from __future__ import annotations

import signal
from types import FrameType


class Interrupt:
    """Ctrl-C asks the loop to stop at the next interval, so that the machine is saved whole; a second one kills."""

    requested = False

    def __enter__(self) -> Interrupt:
        self._kept = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._kept)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
