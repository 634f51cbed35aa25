"""``bsff verilog CONFIG``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bsff.cli.config import check
from bsff.config import load, override
from bsff.errors import DeviceError
from bsff.tools.files import write_text


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "verilog",
        help="print a network's machine as Verilog",
        description="Print a network's machine as one Verilog file whose top module is bsff.",
    )
    parser.add_argument("config", help="a built-in name (see `bsff config list`) or a TOML file")
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="write to FILE (default: standard output)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="replace a key of the configuration, such as layer[1].tile=2; may be repeated",
    )
    parser.add_argument(
        "--no-reader",
        action="store_true",
        help="leave out the AXI master that reads samples from memory, for a device without a processor beside it",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Generate, then print or write."""
    from bsff_hw.simulation.generate import generate

    config = override(load(arguments.config), arguments.settings)
    check(config)
    text = generate(config, reader=not arguments.no_reader)
    if arguments.out is None:
        print(text, end="")
        return 0
    try:
        write_text(arguments.out, text)
    except OSError as error:
        raise DeviceError(f"--out {arguments.out}: cannot be written ({error}); name another file") from error
    return 0
