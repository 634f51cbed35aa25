"""Parses the command line and calls the command.

Importing this imports almost nothing, so that Ctrl-C is handled from the first moment on.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from bsff.tools.program import command

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

COMMANDS = ("train", "evaluate", "diff", "config", "registers", "sweep", "report", "selftest", "power", "energy")
"""Modules of this package's commands, in the order in which ``bsff --help`` lists them; the commands of others follow."""


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


@command("bsff")
def main(arguments: Sequence[str] | None = None, /) -> int:
    """Run one command; returns the exit status.

    0: done; 1: the answer is no (states differ); 2: an error, explained in one sentence on standard error;
    128 + N: ended by signal N (130: Ctrl-C), a training after it was saved. A fault of the program itself raises.
    """
    chosen = parser().parse_args(arguments)
    from .options import check_outputs

    check_outputs(chosen)
    return int(chosen.run(chosen))
