"""Commands of other packages, found by the entry-point group ``bsff.commands``."""

import argparse
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from bsff.errors import BsffError

GROUP = "bsff.commands"
"""Each entry point is named as its command and leads to a module with ``add(commands)``, as those of this package have."""


def add_plugins(commands: Any) -> None:
    """Add the commands that installed packages bring, in the order of their names.

    One that cannot be loaded stays in the list and says why when it is called: the others work without it.
    """
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            point.load().add(commands)
        except Exception as error:  # whatever another package does wrong
            _add_broken(commands, point, error)


def _add_broken(commands: Any, point: EntryPoint, error: Exception) -> None:
    package = point.dist.name if point.dist is not None else point.value
    said = f"the command {point.name} of {package} cannot be loaded ({type(error).__name__}: {error}); install {package} anew"

    def run(_: argparse.Namespace) -> int:
        raise BsffError(said) from error

    # no character begins an option, so that every argument is taken, and `run` has the last word
    parser = commands.add_parser(point.name, help="cannot be loaded", prefix_chars="\0", add_help=False)
    parser.add_argument("rest", nargs="*")
    parser.set_defaults(run=run)
