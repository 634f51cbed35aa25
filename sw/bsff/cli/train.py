"""``bsff train CONFIG``."""

import argparse
import os
from contextlib import closing
from typing import Any

from bsff.config import Config, load, override
from bsff.config.architecture import SIZES
from bsff.contract.geometry import geometry
from bsff.data import Dataset, load_dataset
from bsff.errors import ConfigError
from bsff.machine import Accelerator
from bsff.machine.checkpoint import Progress
from bsff.machine.devices import Device, open_device
from bsff.machine.initialise import initialise
from bsff.tools.interrupt import Interrupt, status_of
from bsff.training.run import RunDirectory, latest, new_run
from bsff.training.train import Hooks, train

from .display import Display
from .finish import finish
from .options import add_config, add_data, add_device, add_out, add_waves, pasteable
from .say import say
from .with_data import add_own, config_with_data


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "train", help="train a network on a device", description="Train a network on a device."
    )
    add_config(
        parser,
        optional=True,
        text=f", or a size ({', '.join(SIZES)}) for your own data; with --resume it may be left out",
    )
    add_own(parser)
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
    if arguments.resume:
        directory = _found(arguments)
        with directory.held():
            config, state, progress = _resume(arguments, directory)
            with closing(open_device(arguments.device, config, waves=arguments.waves)) as device:
                data = load_dataset(config.data, folder=arguments.data)
                return _train(arguments, device, config, data, directory, state, progress)
    config, data = _configured(arguments)
    # opened first, and once, so that what the device cannot do is refused before anything is written
    with (
        closing(open_device(arguments.device, config, waves=arguments.waves)) as device,
        new_run(config.name, arguments.out) as directory,
    ):
        return _train(arguments, device, config, data, directory, None, Progress())


def _train(
    arguments: argparse.Namespace,
    device: Device,
    config: Config,
    data: Dataset,
    directory: RunDirectory,
    state: Any,
    progress: Progress,
) -> int:
    total = len(data.train_labels) * config.training.epochs
    with Accelerator(device, config) as machine:
        machine.load(initialise(config, geometry(config), data.train_images) if state is None else state)
        if state is None:
            directory.write_config(config)
        with (
            Interrupt(saves=True) as interrupt,
            Display(config, machine.geometry.predictors, progress, total, directory.path) as display,
        ):
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
        if interrupt.number is not None:
            _report_stop(directory, config, arguments, progress)
            return status_of(interrupt.number)
        try:
            finish(machine, config, directory, arguments.device, progress, data)
        except KeyboardInterrupt:
            words = ["eval", directory.path, *_where(arguments)]
            say(f"Trained and saved, but not tested; test with: {pasteable('bsff', *words)}")
            raise
    if progress.presentations < total:
        print(
            f"Stopped after {progress.presentations:,} of {total:,} presentations; {_resume_hint(directory, arguments)}"
        )
    return 0


def _configured(arguments: argparse.Namespace) -> tuple[Config, Dataset]:
    if arguments.config is None:
        raise ConfigError("no configuration given: name one of `bsff config list`, or a TOML file")
    config, data = config_with_data(arguments)
    changes = {key: getattr(arguments, key) for key in ("epochs", "seed") if getattr(arguments, key) is not None}
    if changes:
        config = override(config, [f"training.{key}={value}" for key, value in changes.items()])
    return config, data


def _found(arguments: argparse.Namespace) -> RunDirectory:
    """The run to go on with."""
    if arguments.out is None and arguments.config is None:
        raise ConfigError("--resume: name the run by --out DIR, or by its configuration")
    directory = RunDirectory(
        arguments.out or latest(arguments.config if arguments.config in SIZES else load(arguments.config).name)
    )
    directory.config()  # else there is none
    return directory


def _resume(arguments: argparse.Namespace, directory: RunDirectory) -> tuple[Config, Any, Progress]:
    config, state, progress = directory.load()
    given = [f"--set {setting}" for setting in arguments.settings] + (
        [f"--own {arguments.own}"] if arguments.own else []
    )
    if given:
        raise ConfigError(f"{given[0]}: the run in {directory.path} has its configuration; begin another run")
    for key in ("epochs", "seed"):
        value = getattr(arguments, key)
        if value is not None and value != getattr(config.training, key):
            raise ConfigError(
                f"--{key} {value}: the run in {directory.path} has {key} = {getattr(config.training, key)}, which fixes "
                "its schedule; leave the option out, or begin another run with --out"
            )
    return config, state, progress


def _where(arguments: argparse.Namespace) -> list[Any]:
    """Options that say where a run is trained and tested."""
    device = ["--device", arguments.device] if arguments.device != "emulated" else []
    return device + (["--data", arguments.data] if arguments.data else [])


def _resume_hint(directory: RunDirectory, arguments: argparse.Namespace) -> str:
    path = str(directory.path)
    if path.startswith("-"):
        path = os.path.join(".", path)  # else it would be taken for an option
    return "go on with: " + pasteable("bsff", "train", "--resume", "--out", path, *_where(arguments))


def _report_stop(directory: RunDirectory, config: Config, arguments: argparse.Namespace, progress: Progress) -> None:
    directory.write_metrics(config, arguments.device, progress, None)
    say(f"Saved after {progress.presentations:,} presentations; {_resume_hint(directory, arguments)}")
