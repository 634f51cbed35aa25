"""``bsff bench CONFIG``."""

import argparse
from pathlib import Path
from typing import Any

from bsff.cli.options import add_config, add_data, add_device, add_json, add_samples, check_samples, write_output
from bsff.cli.with_data import config_with_data
from bsff.contract.geometry import geometry
from bsff.machine import Accelerator
from bsff.machine.devices import open_device
from bsff.machine.initialise import initialise
from bsff.tools.provenance import processor, versions
from bsff.training.run import RunDirectory
from bsff.training.train import order
from bsff_hw.simulation.cycle_counts import count_cycles, table


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "bench",
        help="cycles per sample from the hardware's counters",
        description="Cycles per training and per inference sample from the hardware's counters, beside the formula of "
        "docs/folding.md and the bound of the weight memories.",
    )
    add_config(parser)
    add_device(parser, default="rtl")
    add_samples(parser, 10, "training samples to present")
    parser.add_argument(
        "--run", type=Path, metavar="RUN", dest="state", help="begin with the state saved there instead of a fresh one"
    )
    add_data(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Load, present, read the counters, print."""
    check_samples(arguments)
    config, data = config_with_data(arguments)
    shape = geometry(config)
    state = RunDirectory(arguments.state).load()[1] if arguments.state else initialise(config, shape, data.train_images)
    device = open_device(arguments.device, config)
    with Accelerator(device, config, timeout=600.0) as accelerator:
        accelerator.load(state)
        if not arguments.state:
            parts = list(config.blocks.values())
            accelerator.set_steps([part.step for part in parts])
            accelerator.set_learning([True] * len(parts))
        chosen = order(config, 0, len(data.train_labels))[: arguments.samples]
        samples = data.train_images[chosen], data.train_labels[chosen]
        result = count_cycles(accelerator, device, state, *samples, config.name)
    print(table(result))
    if arguments.json:
        record = {**result.to_dict(), "settings": arguments.settings, "versions": versions(), "machine": processor()}
        write_output("--json", arguments.json, record)
    return 0
