"""``bsff flash FOLDER``."""

import argparse
from pathlib import Path
from typing import Any

from bsff_hw.boards.flash import flash


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
        "--timeout", type=float, default=300.0, metavar="S", help="seconds that it may take (default: 300)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Load it."""
    manifest = flash(arguments.folder, permanent=arguments.permanent, timeout=arguments.timeout)
    print(
        f"{arguments.folder}: {manifest['config']} is in {manifest['board']}; now: bsff train {manifest['config']} --device serial"
    )
    return 0
