"""``bsff build CONFIG --board NAME``."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

from bsff.cli.config import check
from bsff.config import load, override
from bsff.errors import DeviceError


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "build",
        help="a bitstream for a board",
        description="Prepare a folder with sources and scripts for a board, and run the tool if it is installed. Without it, "
        "the folder can be carried to a machine that has it; --collect then writes the manifest.",
    )
    parser.add_argument("config", help="a built-in name or a TOML file")
    parser.add_argument("--board", required=True, metavar="NAME", help="one of hw/bsff_hw/boards, such as pynq-z2")
    parser.add_argument("--tool", choices=("vivado", "openxc7"), default="vivado")
    parser.add_argument("--mhz", type=int, metavar="N", help="clock of the fabric (default: the board's)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder (default: build/BOARD-CONFIG)")
    parser.add_argument("--no-run", action="store_true", help="only prepare")
    parser.add_argument("--collect", action="store_true", help="only write the manifest of what was built")
    parser.add_argument("--timeout", type=float, default=4 * 3600.0, metavar="S", help="seconds that the tool may take")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prepare, run, collect."""
    try:
        boards, build = import_module("bsff_hw.boards"), import_module("bsff_hw.boards.build")
    except ModuleNotFoundError as error:
        raise DeviceError(
            f"building needs the gateware and amaranth ({error}): pip install 'bsff[hardware]' from a checkout"
        ) from None
    config = override(load(arguments.config), arguments.settings)
    check(config)
    board = boards.board(arguments.board)
    folder = arguments.out or Path("build") / f"{board.name}-{config.name}"
    if not arguments.collect:
        command = build.prepare(config, board, arguments.tool, folder, clock_mhz=arguments.mhz)
        lacking = build.missing(arguments.tool)
        print(f"{folder}: prepared for {board.title} ({board.part}) with {arguments.tool}")
        if lacking or arguments.no_run:
            if lacking:
                print(f"not built: {lacking}")
            print(f"run there: {' '.join(command)}")
            print(f"then: bsff build {arguments.config} --board {board.name} --out {folder} --collect")
            return 0
        build.run(command, folder, timeout=arguments.timeout)
    manifest = build.collect(config, board, folder)
    slack = manifest["setup_slack_ns"]
    print(f"{folder}: bsff.bit, bsff.hwh, {build.MANIFEST}; {manifest['clock_mhz']} MHz, slack {slack} ns")
    return 0
