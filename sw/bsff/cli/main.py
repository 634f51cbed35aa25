"""Parses the command line, calls the command, and turns what ends it into a sentence and an exit status.

Importing this imports almost nothing, so that Ctrl-C is handled from the first moment on.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from .interrupt import Interrupt, Stopped, status_of

if TYPE_CHECKING:
    import argparse

COMMANDS = ("train", "evaluate", "diff", "config", "registers", "sweep", "report", "selftest", "power", "energy")
"""Modules of this package's commands, in the order in which ``bsff --help`` lists them; the commands of others follow."""
ERROR = 2
"""Exit status of an error that is explained in one sentence."""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    import argparse

    from .plugins import add_plugins

    top = argparse.ArgumentParser(
        prog="bsff", description="Binary stochastic forward-forward: a network that trains itself."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        import_module(f"bsff.cli.{name}").add(commands)
    add_plugins(commands)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status.

    0: done; 1: the answer is no (states differ); 2: an error, explained in one sentence on standard error;
    128 + N: ended by signal N (130: Ctrl-C), a training after it was saved. A fault of the program itself raises.
    """
    with Interrupt(program=arguments is None) as interrupt:
        try:
            status = _command(arguments)
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
                return _end(f"stopped by {stopped}", status_of(stopped.number))
            from .explain import explain

            said = explain(error)
            if said is None:
                raise
            return _end(said, ERROR)


def _command(arguments: list[str] | None) -> int:
    chosen = parser().parse_args(arguments)
    from .options import check_outputs

    check_outputs(chosen)
    return int(chosen.run(chosen))


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard output") from error


def _end(sentence: str, status: int) -> int:
    with suppress(OSError):
        sys.stdout.flush()
    with suppress(OSError):
        print(f"bsff: {sentence}", file=sys.stderr, flush=True)
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
