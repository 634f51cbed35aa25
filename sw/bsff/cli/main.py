"""Parses the command line and calls the command."""

import argparse
import sys

from bsff.errors import BsffError

from . import config, diff, energy, evaluate, power, registers, report, selftest, sweep, train
from .plugins import add_plugins

COMMANDS = (train, evaluate, diff, config, registers, sweep, report, selftest, power, energy)
"""The commands of this package, in the order in which ``bsff --help`` lists them; those of others follow."""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="bsff", description="Binary stochastic forward-forward: a network that trains itself."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    add_plugins(commands)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status.

    0: done; 1: the answer is no (states differ); 2: an error, explained in one sentence on standard error;
    130: interrupted, after saving.
    """
    chosen = parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except BsffError as error:
        print(f"bsff: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output, such as head, has had enough
        sys.stderr.close()
        return 0
