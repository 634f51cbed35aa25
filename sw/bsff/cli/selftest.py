"""``bsff selftest CONFIG``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bsff.config import load, override
from bsff.instruments.selftest import Check, selftest
from bsff.machine.devices import DEVICES, open_device
from bsff.tools.files import write_text


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "selftest",
        help="check a device, from its registers to a training step",
        description="Check a device, and write one file to attach to an issue. What the machine held is lost. Status 1 if a "
        "check failed.",
    )
    parser.add_argument("config", help="the network of which the bitstream was built: a built-in name or a TOML file")
    parser.add_argument("--device", choices=DEVICES, default="pynq")
    parser.add_argument(
        "--out", type=Path, default=Path("selftest.json"), metavar="FILE", help="(default: selftest.json)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="longest wait without progress")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Open, check, write down."""
    config = override(load(arguments.config), arguments.settings)
    device = open_device(arguments.device, config)
    try:
        report = selftest(
            device, config, arguments.device, seed=arguments.seed, timeout=arguments.timeout, report=_print
        )  # fmt: skip
    finally:
        device.close()
    write_text(arguments.out, report.to_json())
    print(f"{'all well' if report.passed else 'FAILED'}: {arguments.out}")
    return 0 if report.passed else 1


def _print(check: Check) -> None:
    print(f"{check.verdict:<5}{check.name:<16}{check.detail}", flush=True)
