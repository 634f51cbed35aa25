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
    records = {file.stem: _record(file) for file in files}
    try:
        page = summary(records)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(
            f"{arguments.folder}: not all files (*.json) there are reports of `bsff synth --json` ({error!r}); move the others "
            "away, or make them anew"
        ) from error
    print(page, end="")
    return 0


def _record(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{file}: no report of `bsff synth --json` ({error}); move it away, or make it anew") from None
