"""What `bsff power` measures: the machine on a device, or the float reference on this computer."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bsff.contract.geometry import geometry
from bsff.errors import ConfigError
from bsff.instruments.power.protocol import Workload
from bsff.instruments.power.workload import MachineWorkload
from bsff.machine import Accelerator
from bsff.machine.devices import device_names, open_device
from bsff.machine.initialise import initialise
from bsff.tools.provenance import processor

from .with_data import config_with_data

REFERENCE_DEVICES = ("cpu", "cuda")
VARIANTS = ("bsff", "real", "backpropagation")
"""Of the reference, see `bsff.reference.workload`."""
WARM_SECONDS = 2.0
"""Of training before anything is measured: code is compiled, and the rate for the traffic found."""


def add(parser: argparse.ArgumentParser) -> None:
    """``--workload``, ``--device``, ``--variant``, ``--batch``."""
    parser.add_argument(
        "--workload", choices=("machine", "reference"), default="machine",
        help="the machine, or the float reference in PyTorch (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--device", choices=(*device_names(), *REFERENCE_DEVICES),
        help="of the machine (default: emulated); cpu or cuda of the reference (default: cpu)",
    )  # fmt: skip
    parser.add_argument("--variant", choices=VARIANTS, default="bsff", help="of the reference (default: %(default)s)")
    parser.add_argument(
        "--batch", type=int, default=50, help="samples of a step of the reference (default: %(default)s)"
    )


def check(arguments: argparse.Namespace) -> None:
    """Settle the default device, and refuse one of the other workload.

    Raises
    ------
    ConfigError
    """
    reference = arguments.workload == "reference"
    if arguments.device is None:
        arguments.device = "cpu" if reference else "emulated"
    fits = REFERENCE_DEVICES if reference else device_names()
    if arguments.device not in fits:
        other = "machine" if reference else "reference"
        raise ConfigError(
            f"--device {arguments.device}: expected one of {', '.join(fits)} with --workload {arguments.workload}; choose one, or "
            f"--workload {other}"
        )


@dataclass
class Prepared:
    """Something to measure."""

    workload: Workload
    what: dict[str, Any]
    """For the results: network, device, and the machine on which it ran."""


def describe(arguments: argparse.Namespace) -> dict[str, Any]:
    """What is known of it before it is opened."""
    what = {"config": arguments.config, "workload": arguments.workload, "device": arguments.device}
    if arguments.workload == "reference":
        what |= {"variant": arguments.variant, "batch": arguments.batch}
    return {**what, "machine": processor()}


@contextmanager
def prepared(arguments: argparse.Namespace) -> Iterator[Prepared]:
    """Build it, and train for a moment."""
    config, data = config_with_data(arguments)
    what = describe(arguments)
    warm = min(WARM_SECONDS, arguments.seconds or WARM_SECONDS)
    if arguments.workload == "reference":
        from bsff.reference.workload import ReferenceWorkload

        reference = ReferenceWorkload(
            config, data.train_images, data.train_labels, variant=arguments.variant, batch=arguments.batch, device=arguments.device
        )  # fmt: skip
        reference.run("training", warm)
        yield Prepared(reference, what | ({"machine": reference.machine} if reference.machine else {}))
        return
    device = open_device(arguments.device, config)
    with Accelerator(device, config, timeout=600.0) as machine:
        machine.load(initialise(config, geometry(config), data.train_images))
        parts = list(config.blocks.values())
        machine.set_steps([part.step for part in parts])
        machine.set_learning([True] * len(parts))
        workload = MachineWorkload(machine, device, data.train_images, data.train_labels)
        workload.run("training", warm)
        yield Prepared(workload, what)
