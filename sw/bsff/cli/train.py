"""``bsff train CONFIG``."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any

from bsff.config import Config, load, override
from bsff.contract.geometry import geometry
from bsff.data import Dataset, load_dataset
from bsff.errors import ConfigError
from bsff.machine import Accelerator
from bsff.machine.checkpoint import Progress
from bsff.machine.devices import DEVICES, Device, open_device
from bsff.machine.initialise import initialise
from bsff.training.run import RunDirectory, latest, unused
from bsff.training.train import Hooks, Tally, train

from .finish import finish


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "train", help="train a network on a device", description="Train a network on a device."
    )
    parser.add_argument(
        "config",
        help="a built-in name (see `bsff config list`) or a TOML file; with --resume it may be left out",
        nargs="?",
    )
    parser.add_argument("--device", choices=DEVICES, default="emulated")
    parser.add_argument("--waves", type=Path, metavar="FILE", help="record every signal (FST); --device rtl only")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="folder with the data sets (default: BSFF_DATA, else download)"
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="instead of the configuration's")
    parser.add_argument("--seed", type=int, metavar="N", help="instead of the configuration's")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="replace a key of the configuration, such as layer[1].step=0.01; may be repeated",
    )
    parser.add_argument(
        "--samples", type=int, metavar="N", help="stop after N presentations; --resume goes on from there"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="run directory (default: runs/CONFIG, runs/CONFIG-2, ...; with --resume the latest of them)",
    )
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
    with Accelerator(device, config) as machine, _Interrupt() as interrupt:
        machine.load(state)
        total = len(data.train_labels) * config.training.epochs
        with _Display(config, machine.geometry.predictors, progress, total, directory.path) as display:
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
            _report_stop(directory, config, arguments, progress, data)
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
    config = override(load(arguments.config), arguments.settings)
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


def _report_stop(
    directory: RunDirectory, config: Config, arguments: argparse.Namespace, progress: Progress, data: Dataset
) -> None:
    directory.write_metrics(config, arguments.device, progress, None)
    print(
        f"Saved after {progress.presentations:,} presentations; {_resume_hint(directory, arguments)}", file=sys.stderr
    )


class _Interrupt:
    """Ctrl-C asks the loop to stop at the next interval, so that the machine is saved whole; a second one kills."""

    requested = False

    def __enter__(self) -> _Interrupt:
        self._kept = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._kept)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)


class _Display:
    """Progress bar, one line an epoch, TensorBoard."""

    def __init__(
        self, config: Config, predictors: tuple[str, ...], progress: Progress, total: int, folder: Path
    ) -> None:
        from tensorboardX import SummaryWriter
        from tqdm import tqdm

        self._predictors = predictors
        self._last = predictors[-1] if config.training.predictor == "head" else predictors[len(config.layers) - 1]
        self._writer = SummaryWriter(str(folder / "tensorboard"))
        self._bar = tqdm(
            total=total,
            initial=progress.presentations,
            unit=" samples",
            desc=config.name,
            dynamic_ncols=True,
            bar_format="{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]",
        )

    def __enter__(self) -> _Display:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()
        self._writer.close()

    def interval(self, progress: Progress, tally: Tally) -> None:
        row = tally.row(self._predictors)[self._last]
        rate = f"{tally.rate:,.0f}" if tally.rate else "-"
        gated = 1 - row["updated"]
        self._bar.set_postfix_str(
            f"accuracy {100 * row['accuracy']:.1f} %, loss {row['loss']:.3f}, {rate} samples/s, "
            f"gated {100 * gated:.0f} %",
            refresh=False,
        )
        self._bar.update(progress.presentations - self._bar.n)

    def epoch(self, record: dict[str, Any]) -> None:
        from tqdm import tqdm

        scores = ", ".join(f"{name} {100 * value:.2f} %" for name, value in record["test"].items())
        with tqdm.external_write_mode():
            print(f"epoch {record['epoch']}: test {scores}", flush=True)
        step = record["presentations"]
        for name, value in record["test"].items():
            self._writer.add_scalar(f"test_accuracy/{name}", value, step)
        for name, values in record["train"].items():
            for key, value in values.items():
                self._writer.add_scalar(f"train_{key}/{name}", value, step)
        if record["samples_per_second"]:
            self._writer.add_scalar("samples_per_second", record["samples_per_second"], step)
