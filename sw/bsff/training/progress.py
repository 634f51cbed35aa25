"""How far a training has come: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Protocol

LINE_SECONDS = 10.0
"""Between two lines where there is no terminal, such as in the log of a batch system."""


class Progress(Protocol):
    """Shows how many of all samples were presented, with a text."""

    def update(self, done: int, text: str) -> None:
        """Show it; never raises, for a terminal that was closed must not end a training."""

    def aside(self) -> AbstractContextManager[Any]:
        """Around other output."""

    def close(self) -> None:
        """Leave the line."""


class Lines:
    """A line on standard error every ten seconds.

    Parameters
    ----------
    name : str
        Begins each line.
    total : int
        Presentations in all.
    clock : callable
        Returns seconds.
    """

    def __init__(self, name: str, total: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._total, self._clock = name, total, clock
        self._last = clock()

    def update(self, done: int, text: str) -> None:
        """See `Progress.update`."""
        now = self._clock()
        if now - self._last < LINE_SECONDS:
            return
        self._last = now
        with suppress(OSError):
            print(
                f"{self._name} {100 * done / self._total:.0f} %: {done:,} of {self._total:,} presentations, {text}",
                file=sys.stderr,
                flush=True,
            )

    def aside(self) -> AbstractContextManager[Any]:
        """See `Progress.aside`."""
        return nullcontext()

    def close(self) -> None:
        """See `Progress.close`."""


class Bar:
    """A bar on the terminal's last line; needs tqdm."""

    def __init__(self, name: str, total: int, done: int) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            total=total,
            initial=done,
            unit=" samples",
            desc=name,
            dynamic_ncols=True,
            bar_format="{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]",
        )

    def update(self, done: int, text: str) -> None:
        """See `Progress.update`."""
        self._bar.set_postfix_str(text, refresh=False)
        with suppress(OSError):
            self._bar.update(done - self._bar.n)

    def aside(self) -> AbstractContextManager[Any]:
        """See `Progress.aside`."""
        return type(self._bar).external_write_mode()

    def close(self) -> None:
        """See `Progress.close`."""
        with suppress(OSError):
            self._bar.close()


def show(name: str, total: int, done: int, *, bar: bool | None = None) -> Progress:
    """A bar if tqdm is installed, else lines.

    Parameters
    ----------
    name : str
        Of what is trained.
    total, done : int
        Presentations in all, and already made.
    bar : bool, optional
        False: lines. None: a bar only if standard error is a terminal.
    """
    if sys.stderr.isatty() if bar is None else bar:
        with suppress(ModuleNotFoundError):
            return Bar(name, total, done)
    return Lines(name, total)
