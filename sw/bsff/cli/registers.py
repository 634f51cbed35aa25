"""``bsff registers``."""

import argparse
from typing import Any

from bsff.contract.registers import reference_page


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "registers", help="print the register reference page", description="Print the register reference page."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the page; docs/registers.md holds it."""
    print(reference_page(), end="")
    return 0
