"""``bsff build CONFIG --board NAME``."""

import argparse
from pathlib import Path
from typing import Any

from bsff.cli.options import add_config, add_out, chosen_config, pasteable
from bsff.contract.check import check
from bsff_hw.boards.table import board, names
from bsff_hw.tools import need_amaranth


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "build",
        help="a bitstream for a board",
        description="Prepare a folder with sources and scripts for a board, and run the tool if it is installed. Without it, "
        "the folder can be carried to a machine that has it; --collect then writes the manifest.",
    )
    add_config(parser)
    parser.add_argument("--board", required=True, metavar="NAME", help=f"one of {', '.join(names())}")
    parser.add_argument("--tool", choices=("vivado", "openxc7"), default="vivado")
    parser.add_argument("--mhz", type=int, metavar="N", help="clock of the fabric (default: the board's)")
    add_out(parser, "folder (default: build/BOARD-CONFIG)")
    parser.add_argument("--no-run", action="store_true", help="only prepare")
    parser.add_argument("--collect", action="store_true", help="only write the manifest of what was built")
    parser.add_argument("--timeout", type=float, default=4 * 3600.0, metavar="S", help="seconds that the tool may take")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prepare, run, collect."""
    with need_amaranth():
        from bsff_hw.boards import build
    config = chosen_config(arguments)
    check(config)
    chosen = board(arguments.board)
    folder = arguments.out or Path("build") / f"{chosen.name}-{config.name}"
    if not arguments.collect:
        command = build.prepare(config, chosen, arguments.tool, folder, clock_mhz=arguments.mhz)
        lacking = build.missing(arguments.tool)
        print(f"{folder}: prepared for {chosen.title} ({chosen.part}) with {arguments.tool}")
        if lacking or arguments.no_run:
            if lacking:
                print(f"not built: {lacking}")
            settings = [word for setting in arguments.settings for word in ("--set", setting)]
            collect = ["build", arguments.config, *settings, "--board", chosen.name, "--out", folder, "--collect"]
            print(f"run there: {pasteable(*command)}")
            print(f"then: {pasteable('bsff', *collect)}")
            return 0
        build.run(command, folder, timeout=arguments.timeout)
    manifest = build.collect(config, chosen, folder)
    slack = manifest["setup_slack_ns"]
    print(f"{folder}: bsff.bit, bsff.hwh, {build.MANIFEST}; {manifest['clock_mhz']} MHz, slack {slack} ns")
    return 0
