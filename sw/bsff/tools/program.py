"""What ends a program: its work, a signal, an error or a reader that has gone, each with its exit status.

Importing this imports almost nothing, so that Ctrl-C is handled from the first moment on.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from .interrupt import Interrupt, Stopped, status_of

ERROR = 2
"""Exit status of an error that is explained in one sentence."""


class Main(Protocol):
    """The work of a program."""

    def __call__(self, words: Sequence[str] | None = None, /) -> int:
        """Do what the words ask for, those of the command line by default; returns the exit status."""


def command(name: str) -> Callable[[Main], Main]:
    """Give the work of a program the ends that every program here has; a decorator.

    The exit status is that of the work, 2 after an error, which is explained in one sentence on standard error, or 128 + N if signal
    N ended it (130: Ctrl-C). A fault of the program itself raises.

    Parameters
    ----------
    name : str
        Of the program, before the sentence.
    """

    def decorate(work: Main) -> Main:
        @functools.wraps(work)
        def main(words: Sequence[str] | None = None, /) -> int:
            return _ended(name, lambda: work(words), process=words is None)

        return main

    return decorate


def _ended(program: str, work: Callable[[], int], *, process: bool) -> int:
    """See `command`; `process`: nothing follows but the end of the process."""
    with Interrupt(program=process) as interrupt:
        try:
            status = work()
            with suppress(BrokenPipeError):  # the reader has gone, which changes nothing of what was done
                _flush()  # what cannot be written shows here, and not when the interpreter ends
            _let_go()
            return status
        except SystemExit:  # of argparse
            with suppress(OSError):
                sys.stdout.flush()
            _let_go()
            raise
        except BrokenPipeError:  # the reader of our output, such as head, has had enough
            _let_go()
            return 0
        except BaseException as error:
            # a library may turn the exception of a signal into one of its own
            number = error.number if isinstance(error, Stopped) else interrupt.number
            if number is not None or isinstance(error, KeyboardInterrupt):
                stopped = error if isinstance(error, Stopped) else Stopped(number or 2)
                return _end(program, f"stopped by {stopped}", status_of(stopped.number))
            from .explain import explain

            said = explain(error)
            if said is None:
                raise
            return _end(program, said, ERROR)


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard output") from error


def _end(program: str, sentence: str, status: int) -> int:
    with suppress(OSError):
        sys.stdout.flush()
    with suppress(OSError):
        print(f"{program}: {sentence}", file=sys.stderr, flush=True)
    _let_go()
    return status


def _let_go() -> None:
    """If standard output or error cannot be written any more, let the interpreter not say so again when it ends."""
    for number, stream, own in ((1, sys.stdout, sys.__stdout__), (2, sys.stderr, sys.__stderr__)):
        try:
            stream.flush()
        except (OSError, ValueError):
            if stream is own:
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)
