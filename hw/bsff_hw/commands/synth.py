"""``bsff synth CONFIG --target DEVICE``."""

from __future__ import annotations

import argparse
import hashlib
import json
from importlib import import_module
from pathlib import Path
from typing import Any

from bsff.cli.config import check
from bsff.config import load, override
from bsff.errors import ConfigError, DeviceError
from bsff.tools.files import write_text
from bsff_hw.simulation.generate import generate

TARGETS = ("xc7z020", "ecp5-85k")


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "synth",
        help="count what a network's machine takes of an FPGA",
        description="Synthesise a network's machine with open tools and count LUTs, registers, memories and multipliers "
        "of each component; for ecp5-85k also place and route it, and give the highest clock frequency.",
    )
    parser.add_argument("config", help="a built-in name (see `bsff config list`) or a TOML file")
    parser.add_argument("--target", choices=TARGETS, required=True, help="the device")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="replace a key of the configuration, such as layer[1].tile=2; may be repeated",
    )
    parser.add_argument(
        "--block", metavar="NAME", help="only this one, such as layer2 or head: the whole may take minutes"
    )
    parser.add_argument(
        "--no-reader",
        action="store_true",
        help="leave out the AXI master that reads samples from memory, for a device without a processor beside it",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE too")
    parser.add_argument("--no-route", action="store_true", help="count only: no place and route")
    parser.add_argument(
        "--frequency", type=float, default=100.0, metavar="MHZ", help="target of place and route (default: 100)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the table; exit status 1 if the machine does not fit."""
    if not arguments.frequency > 0:
        raise ConfigError(f"--frequency {arguments.frequency:g}: expected MHz above 0")
    config = override(load(arguments.config), arguments.settings)
    check(config)
    verilog = generate(config, arguments.block, reader=not arguments.no_reader)
    synthesis = import_module("bsff_hw.synthesis")  # after `generate`, which explains what is not installed
    report = synthesis.synthesise(
        verilog,
        top=arguments.block or "bsff",
        target=arguments.target,
        route=not arguments.no_route,
        frequency=arguments.frequency,
    )
    print(
        f"{config.name}{f' {arguments.block}' if arguments.block else ''}{''.join(f' --set {setting}' for setting in arguments.settings)}"
    )
    print(synthesis.table(report, synthesis.TARGETS[arguments.target]))
    if arguments.json is not None:
        record = {
            "config": config.name,
            "settings": arguments.settings,
            "block": arguments.block,
            "reader": not arguments.no_reader,
            "verilog_sha256": hashlib.sha256(verilog.encode()).hexdigest(),
            **report.to_dict(),
        }
        try:
            write_text(arguments.json, json.dumps(record, indent=1) + "\n")
        except OSError as error:
            raise DeviceError(f"--json {arguments.json}: cannot be written ({error}); name another file") from error
    return 0 if report.fits else 1
