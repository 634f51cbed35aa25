"""``bsff synth-table DIR``."""

import argparse
import json
from pathlib import Path
from typing import Any

from bsff.errors import DataError
from bsff_hw.synthesis.summary import summary


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "synth-table",
        help="one page of the files that `bsff synth --json` wrote",
        description="Print one page of all files in a folder that `bsff synth --json` wrote.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the page; docs/results/synthesis.md holds that of docs/results/synthesis."""
    files = sorted(arguments.folder.glob("*.json"))
    if not files:
        raise DataError(f"{arguments.folder}: no reports (*.json) there; make them with `bsff synth ... --json FILE`")
    records = {file.stem: json.loads(file.read_text()) for file in files}
    print(summary(records), end="")
    return 0
