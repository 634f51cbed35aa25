"""``bsff train CONFIG``."""

import argparse
import sys
from contextlib import closing
from typing import Any

from bsff.config import Config, load, override
from bsff.contract.geometry import geometry
from bsff.data import load_dataset
from bsff.errors import ConfigError
from bsff.machine import Accelerator
from bsff.machine.checkpoint import Progress
from bsff.machine.devices import Device, open_device
from bsff.machine.initialise import initialise
from bsff.training.run import RunDirectory, latest, unused
from bsff.training.train import Hooks, train

from .display import Display
from .finish import finish
from .interrupt import Interrupt
from .options import add_config, add_data, add_device, add_out, add_waves, chosen_config


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "train", help="train a network on a device", description="Train a network on a device."
    )
    add_config(parser, optional=True, text="; with --resume it may be left out")
    add_device(parser)
    add_waves(parser)
    add_data(parser)
    parser.add_argument("--epochs", type=int, metavar="N", help="instead of the configuration's")
    parser.add_argument("--seed", type=int, metavar="N", help="instead of the configuration's")
    parser.add_argument(
        "--samples", type=int, metavar="N", help="stop after N presentations; --resume goes on from there"
    )
    add_out(parser, "run directory (default: runs/CONFIG, runs/CONFIG-2, ...; with --resume the latest of them)")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in the run directory")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, save, test, and draw the pictures."""
    if arguments.samples is not None and arguments.samples < 0:
        raise ConfigError(f"--samples {arguments.samples}: expected 0 or more")
    config, directory, state, progress = _resume(arguments) if arguments.resume else _begin(arguments)
    # opened first, and once, so that what the device cannot do is refused before anything is written
    with closing(open_device(arguments.device, config, waves=arguments.waves)) as device:
        if not arguments.resume:
            directory.begin(config)
        return _train(arguments, device, config, directory, state, progress)


def _train(
    arguments: argparse.Namespace,
    device: Device,
    config: Config,
    directory: RunDirectory,
    state: Any,
    progress: Progress,
) -> int:
    data = load_dataset(config.data, folder=arguments.data)
    shape = geometry(config)
    if state is None:
        state = initialise(config, shape, data.train_images)
    with Accelerator(device, config) as machine, Interrupt() as interrupt:
        machine.load(state)
        total = len(data.train_labels) * config.training.epochs
        with Display(config, machine.geometry.predictors, progress, total, directory.path) as display:
            train(
                machine,
                config,
                data,
                progress,
                limit=arguments.samples,
                hooks=Hooks(
                    interval=display.interval,
                    epoch=display.epoch,
                    stop=lambda: interrupt.requested,
                    save=lambda done: directory.save(config, machine.read_state(), done),
                ),
            )
        if interrupt.requested:
            _report_stop(directory, config, arguments, progress)
            return 130
        finish(machine, config, directory, arguments.device, progress, data)
    if progress.presentations < total:
        print(
            f"Stopped after {progress.presentations:,} of {total:,} presentations; {_resume_hint(directory, arguments)}"
        )
    return 0


def _begin(arguments: argparse.Namespace) -> tuple[Config, RunDirectory, Any, Progress]:
    if arguments.config is None:
        raise ConfigError("no configuration given: name one of `bsff config list`, or a TOML file")
    config = chosen_config(arguments)
    changes = {key: getattr(arguments, key) for key in ("epochs", "seed") if getattr(arguments, key) is not None}
    if changes:
        config = override(config, [f"training.{key}={value}" for key, value in changes.items()])
    return config, RunDirectory(arguments.out or unused(config.name)), None, Progress()


def _resume(arguments: argparse.Namespace) -> tuple[Config, RunDirectory, Any, Progress]:
    if arguments.out is None and arguments.config is None:
        raise ConfigError("--resume: name the run by --out DIR, or by its configuration")
    directory = RunDirectory(arguments.out or latest(load(arguments.config).name))
    config, state, progress = directory.load()
    if arguments.settings:
        raise ConfigError(
            f"--set {arguments.settings[0]}: the run in {directory.path} has its configuration; begin another run"
        )
    for key in ("epochs", "seed"):
        value = getattr(arguments, key)
        if value is not None and value != getattr(config.training, key):
            raise ConfigError(
                f"--{key} {value}: the run in {directory.path} has {key} = {getattr(config.training, key)}, which fixes "
                "its schedule; leave the option out, or begin another run with --out"
            )
    return config, directory, state, progress


def _resume_hint(directory: RunDirectory, arguments: argparse.Namespace) -> str:
    data = f" --data {arguments.data}" if arguments.data else ""
    device = f" --device {arguments.device}" if arguments.device != "emulated" else ""
    return f"go on with: bsff train --resume --out {directory.path}{device}{data}"


def _report_stop(directory: RunDirectory, config: Config, arguments: argparse.Namespace, progress: Progress) -> None:
    directory.write_metrics(config, arguments.device, progress, None)
    print(
        f"Saved after {progress.presentations:,} presentations; {_resume_hint(directory, arguments)}", file=sys.stderr
    )
