"""``bsff bench CONFIG``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from bsff.config import load, override
from bsff.contract.geometry import geometry
from bsff.data import load_dataset
from bsff.errors import ConfigError
from bsff.machine import Accelerator
from bsff.machine.devices import DEVICES, open_device
from bsff.machine.initialise import initialise
from bsff.tools.files import write_text
from bsff.training.run import RunDirectory, machine, versions
from bsff.training.train import order
from bsff_hw.simulation.cycle_bench import bench, table


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "bench",
        help="cycles per sample from the hardware's counters",
        description="Cycles per training and per inference sample from the hardware's counters, beside the formula of "
        "docs/folding.md and the bound of the weight memories.",
    )
    parser.add_argument("config", help="a built-in name or a TOML file")
    parser.add_argument("--device", choices=DEVICES, default="rtl")
    parser.add_argument(
        "--samples", type=int, default=10, metavar="N", help="training samples to present (default: 10)"
    )
    parser.add_argument(
        "--run", type=Path, metavar="RUN", dest="state", help="begin with the state saved there instead of a fresh one"
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with the data sets")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Load, present, read the counters, print."""
    if arguments.samples < 1:
        raise ConfigError(f"--samples {arguments.samples}: expected at least 1")
    config = override(load(arguments.config), arguments.settings)
    data = load_dataset(config.data, folder=arguments.data)
    shape = geometry(config)
    state = RunDirectory(arguments.state).load()[1] if arguments.state else initialise(config, shape, data.train_images)
    device = open_device(arguments.device, config)
    with Accelerator(device, config, timeout=600.0) as accelerator:
        accelerator.load(state)
        if not arguments.state:
            parts: list[Any] = [*config.layers, *([config.head] if config.head.enabled else [])]
            accelerator.set_steps([part.step for part in parts])
            accelerator.set_learning([True] * len(parts))
        chosen = order(config, 0, len(data.train_labels))[: arguments.samples]
        result = bench(accelerator, device, data.train_images[chosen], data.train_labels[chosen], config.name)
    print(table(result))
    if arguments.json:
        record = {**result.to_dict(), "settings": arguments.settings, "versions": versions(), "machine": machine()}
        write_text(arguments.json, json.dumps(record, indent=1) + "\n")
    return 0
