"""Signals that ask a command to stop: Ctrl-C, and what batch systems and closing terminals send."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Any

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
ECHO_SECONDS = 0.5
"""A signal this soon after the first is the same wish: a closing terminal and its shell each send one."""


class Stopped(KeyboardInterrupt):
    """A signal ends the command, where it is.

    Parameters
    ----------
    number : int
        Of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def status_of(number: int) -> int:
    """Exit status of a command that a signal ended, as shells have it."""
    return 128 + number


class Interrupt:
    """While it is entered, a signal raises `Stopped`, and another one kills; those that are ignored stay so (``nohup``).

    Parameters
    ----------
    saves : bool
        The first signal only sets `number`, so that the command can save and stop by itself; the next one raises.
    program : bool
        Nothing follows but the end of the process: a later Ctrl-C kills instead of raising.

    Attributes
    ----------
    number : int or None
        The signal that came first.
    """

    def __init__(self, *, saves: bool = False, program: bool = False) -> None:
        self.number: int | None = None
        self._waits, self._program = saves, program
        self._first = 0.0
        self._kept: dict[int, Any] = {}

    @property
    def requested(self) -> bool:
        """Whether to stop."""
        return self.number is not None

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():  # no other may set handlers
            for number in SIGNALS:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):  # None: set by other than Python
                    self._kept[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._kept.items():
            signal.signal(number, signal.SIG_DFL if self._program else handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._waits and self.number is None:
            self.number, self._first = number, time.monotonic()
            with suppress(OSError):  # not by print, which may be what was interrupted
                os.write(2, b"\nStopping and saving; once more to stop at once.\n")
            return
        if self._waits and time.monotonic() - self._first < ECHO_SECONDS:
            return
        if self.number is None:
            self.number = number
        for each in self._kept:
            signal.signal(each, signal.SIG_DFL)
        raise Stopped(number)
