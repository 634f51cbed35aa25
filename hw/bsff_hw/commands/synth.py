"""``bsff synth CONFIG --target DEVICE``."""

import argparse
import hashlib
from typing import Any

from bsff.cli.options import add_config, add_json, chosen_config, write_output
from bsff.contract.check import check
from bsff.errors import ConfigError
from bsff_hw import synthesis
from bsff_hw.plan import plan
from bsff_hw.simulation.generate import generate
from bsff_hw.synthesis.report import pbit_line
from bsff_hw.targets import TARGETS

from .options import add_no_reader


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "synth",
        help="count what a network's machine takes of an FPGA",
        description="Synthesise a network's machine with open tools and count LUTs, registers, memories and multipliers "
        "of each component; for ecp5-85k also place and route it, and give the highest clock frequency.",
    )
    add_config(parser)
    parser.add_argument("--target", choices=TARGETS, required=True, help="the device")
    part = parser.add_mutually_exclusive_group()
    part.add_argument(
        "--block", metavar="NAME", help="only this one, such as layer2 or head: the whole may take minutes"
    )
    part.add_argument(
        "--serial",
        action="store_true",
        help="the machine behind two pins of a serial line, as on boards without a processor, instead of behind AXI",
    )
    add_no_reader(parser)
    add_json(parser)
    parser.add_argument("--no-route", action="store_true", help="count only: no place and route")
    parser.add_argument(
        "--frequency",
        type=float,
        default=100.0,
        metavar="MHZ",
        help="target of place and route, and the clock from which --serial divides its bits (default: 100)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the table; exit status 1 if the machine does not fit."""
    if not arguments.frequency > 0:
        raise ConfigError(f"--frequency {arguments.frequency:g}: expected MHz above 0")
    config = chosen_config(arguments)
    check(config)
    family = TARGETS[arguments.target].family
    serial_hz = arguments.frequency * 1e6 if arguments.serial else None
    verilog = generate(config, arguments.block, reader=not arguments.no_reader, serial_hz=serial_hz, primitives=family)
    report = synthesis.synthesise(
        verilog,
        top=arguments.block or "bsff",
        target=arguments.target,
        route=not arguments.no_route,
        frequency=arguments.frequency,
    )
    part = "--serial" if arguments.serial else arguments.block
    print(" ".join([config.name, *filter(None, [part]), *(f"--set {s}" for s in arguments.settings)]))
    print(synthesis.table(report))
    pbits = plan(config).pbits(arguments.block)
    if said := pbit_line(report.components, pbits):
        print(said)
    if arguments.json is not None:
        record = {
            "config": config.name,
            "settings": arguments.settings,
            "block": arguments.block,
            "reader": not (arguments.no_reader or arguments.serial),
            "serial": arguments.serial,
            "frequency_mhz": arguments.frequency,
            "pbits": pbits,
            "verilog_sha256": hashlib.sha256(verilog.encode()).hexdigest(),
            **report.to_dict(),
        }
        write_output("--json", arguments.json, record)
    return 0 if report.fits else 1
