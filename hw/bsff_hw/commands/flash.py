"""``bsff flash FOLDER``."""

import argparse
import shlex
from pathlib import Path
from typing import Any

from bsff_hw.boards.flash import checked, command, flash


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "flash",
        help="load a bitstream into a board over USB",
        description="Load the bitstream that `bsff build` made into a board with an ECP5, by openFPGALoader. It stays until the "
        "board loses power; with --permanent it is written to the board's flash memory.",
    )
    parser.add_argument("folder", type=Path, help="with bsff.bit and manifest.json")
    parser.add_argument("--permanent", action="store_true", help="write it to the board's flash memory")
    parser.add_argument(
        "--dry-run", action="store_true", help="print the command of openFPGALoader instead of running it"
    )
    parser.add_argument(
        "--timeout", type=float, default=300.0, metavar="S", help="seconds that it may take (default: 300)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check, load."""
    manifest = checked(arguments.folder)
    words = command(arguments.folder, manifest, permanent=arguments.permanent)
    if arguments.dry_run:
        print(shlex.join(words))
        return 0
    flash(words, timeout=arguments.timeout)
    where = f"{arguments.folder}: {manifest['config']} is in {manifest['board']}"
    print(f"{where}; now: bsff train {manifest['config']} --device serial")
    return 0
