"""``bsff fold CONFIG``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bsff.config import dumps, load, override
from bsff.errors import ConfigError, DeviceError
from bsff.tools.files import write_text


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "fold",
        help="choose the folding of a network for a device",
        description="Choose lanes, banks and the like for a device, and print cycles and estimated resources of each layer. "
        "The estimates compare foldings; `bsff synth` counts.",
    )
    parser.add_argument("config", help="a built-in name or a TOML file")
    parser.add_argument("--target", default="xc7z020", metavar="DEVICE", help="default: xc7z020")
    parser.add_argument("--rate", type=float, metavar="N", help="training samples a second (default: as many as fit)")
    parser.add_argument("--clock", type=float, default=100.0, metavar="MHZ", help="for --rate (default: 100)")
    parser.add_argument("--density", type=float, default=0.2, metavar="P", help="share of active taps (default: 0.2)")
    parser.add_argument("--keep", action="store_true", help="only print the folding that the configuration has")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    parser.add_argument(
        "-o", dest="output", type=Path, metavar="FILE", help="write the folded configuration there (TOML)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Solve, print the table, write the configuration."""
    try:
        from bsff_hw.plan.folding import settle, solve, table
        from bsff_hw.plan.resources import DEVICES
    except ModuleNotFoundError as error:
        raise DeviceError(f"{error}: install the hardware tools with pip install 'bsff[hardware]'") from None
    if arguments.target not in DEVICES:
        raise ConfigError(f"--target {arguments.target}: expected one of {', '.join(DEVICES)}")
    if not 0 < arguments.density <= 1:
        raise ConfigError(f"--density {arguments.density:g}: expected more than 0, at most 1")
    if arguments.rate is not None and arguments.rate <= 0:
        raise ConfigError(f"--rate {arguments.rate:g}: expected more than 0")
    config = override(load(arguments.config), arguments.settings)
    device = DEVICES[arguments.target]
    if arguments.keep:
        found = settle(config, arguments.density)
    else:
        cycles = None if arguments.rate is None else arguments.clock * 1e6 / arguments.rate
        found = solve(config, device, cycles=cycles, density=arguments.density)
    print(table(found, device, density=arguments.density, clock=arguments.clock * 1e6))
    if arguments.output:
        write_text(arguments.output, dumps(found.config))
        print(f"{arguments.output}: the folded configuration")
    return 0
