"""``bsff verilog CONFIG``."""

import argparse
from typing import Any

from bsff.cli.options import add_config, add_out, chosen_config, write_output
from bsff.contract.check import check
from bsff_hw.simulation.generate import generate

from .options import add_no_reader


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "verilog",
        help="print a network's machine as Verilog",
        description="Print a network's machine as one Verilog file whose top module is bsff.",
    )
    add_config(parser)
    add_out(parser, "write to FILE (default: standard output)", kind="FILE")
    add_no_reader(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Generate, then print or write."""
    config = chosen_config(arguments)
    check(config)
    text = generate(config, reader=not arguments.no_reader)
    if arguments.out is None:
        print(text, end="")
    else:
        write_output("--out", arguments.out, text)
    return 0
