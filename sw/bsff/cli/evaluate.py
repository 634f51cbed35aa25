"""``bsff eval RUN``."""

import argparse
from typing import Any

from bsff.config import override
from bsff.data import load_dataset
from bsff.machine import Accelerator
from bsff.machine.devices import open_device
from bsff.training.run import RunDirectory

from .absent import tell
from .finish import finish
from .options import add_data, add_device, add_run, add_waves


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "eval", help="test a trained network", description="Test a trained network; writes metrics.json anew."
    )
    add_run(parser)
    add_device(parser)
    add_waves(parser)
    add_data(parser)
    parser.add_argument(
        "--draws", type=int, metavar="N", help="presentations of each test sample (default: the configuration's)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Test the machine saved in a run directory."""
    directory = RunDirectory(arguments.directory)
    directory.config()  # else there is no run
    tell("matplotlib")
    with directory.held():
        config, state, progress = directory.load()
        if arguments.draws is not None:
            config = override(config, [f"training.test_draws={arguments.draws}"])
        data = load_dataset(config.data, folder=arguments.data)
        with Accelerator(open_device(arguments.device, config, waves=arguments.waves), config) as machine:
            machine.load(state)
            finish(machine, config, directory, arguments.device, progress, data)
    return 0
