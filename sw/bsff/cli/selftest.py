"""``bsff selftest CONFIG``."""

import argparse
from pathlib import Path
from typing import Any

from bsff.instruments.selftest import Check, selftest
from bsff.machine.devices import open_device

from .options import add_config, add_device, add_out, chosen_config, write_output


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "selftest",
        help="check a device, from its registers to a training step",
        description="Check a device, and write one file to attach to an issue. What the machine held is lost. Status 1 if a "
        "check failed.",
    )
    add_config(parser, text=": the network of which the bitstream was built")
    add_device(parser, default="pynq")
    add_out(parser, "the report (default: selftest.json)", kind="FILE", default=Path("selftest.json"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="longest wait without progress")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Open, check, write down."""
    config = chosen_config(arguments)
    device = open_device(arguments.device, config)
    try:
        report = selftest(
            device, config, arguments.device, seed=arguments.seed, timeout=arguments.timeout, report=_print
        )
    finally:
        device.close()
    write_output("--out", arguments.out, report.to_json())
    print(f"{'all well' if report.passed else 'FAILED'}: {arguments.out}")
    return 0 if report.passed else 1


def _print(check: Check) -> None:
    print(f"{check.verdict:<5}{check.name:<16}{check.detail}", flush=True)
