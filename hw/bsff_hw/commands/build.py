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
    parser.add_argument(
        "--tool", choices=("vivado", "openxc7", "trellis"), help="default: trellis for an ECP5, else vivado"
    )
    parser.add_argument(
        "--mhz",
        type=int,
        metavar="N",
        help="clock of the machine (default: the board's, and for an ECP5 a lower one if place and route does not reach it)",
    )
    parser.add_argument(
        "--place-seed", type=int, default=1, metavar="N", help="of place and route with nextpnr (default: 1)"
    )
    parser.add_argument(
        "--placer",
        choices=("heap", "static"),
        help="of nextpnr: heap makes the faster clock, static the shorter wires, so that a machine that crowds an ECP5 can be routed (default: heap)",
    )
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
    tool = arguments.tool or build.default_tool(chosen)
    if arguments.collect:
        return _report(build.collect(config, chosen, folder), folder)
    placement = {"seed": arguments.place_seed, "placer": arguments.placer}
    command = build.prepare(config, chosen, tool, folder, clock_mhz=arguments.mhz, **placement)
    lacking = build.missing(tool)
    print(f"{folder}: prepared for {chosen.title} ({chosen.part}) with {tool}")
    if lacking or arguments.no_run:
        if lacking:
            print(f"not built: {lacking}")
        settings = [word for setting in arguments.settings for word in ("--set", setting)]
        collect = ["build", arguments.config, *settings, "--board", chosen.name, "--out", folder, "--collect"]
        print(f"run there: {pasteable(*command)}")
        print(f"then: {pasteable('bsff', *collect)}")
        return 0
    for last in (False, False, True):
        build.run(command, folder, timeout=arguments.timeout)
        try:
            return _report(build.collect(config, chosen, folder), folder)
        except build.TimingError as error:
            if last or arguments.mhz is not None or error.reached_mhz is None:
                raise
            mhz = build.slower(chosen, error.reached_mhz)
            print(f"{error.reached_mhz} MHz were reached: building again for {mhz} MHz", flush=True)
            command = build.prepare(config, chosen, tool, folder, clock_mhz=mhz, **placement)
    raise AssertionError("the last try returns or raises")


def _report(manifest: dict[str, Any], folder: Path) -> int:
    files = ", ".join([*manifest["files"], "manifest.json"])
    print(f"{folder}: {files}; {manifest['clock_mhz']} MHz, slack {manifest['setup_slack_ns']} ns")
    return 0
