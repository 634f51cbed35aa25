"""Which device a `Classifier` learns on, and the folding for a device that its network has to fit."""

from importlib.metadata import entry_points

from bsff.config import Config
from bsff.errors import ConfigError
from bsff.machine import Accelerator
from bsff.machine.devices import open_device
from bsff.machine.devices.best import open_best

AUTO = ("pynq", "emulated")
"""A board, else the golden model; the simulated Verilog is slow, so it is taken only where it is asked for."""
GROUP = "bsff.folding"
"""Entry points that fold a network: called with configuration and target, they return the folded configuration."""


def open_machine(device: str, config: Config) -> tuple[str, Accelerator]:
    """Open a device by name, or the best that there is; returns its name and the machine on it.

    Raises
    ------
    DeviceError
        If it cannot be opened.
    """
    if device == "auto":
        name, opened = open_best(config, order=AUTO, report=lambda _: None)
        return name, Accelerator(opened, config)
    return device, Accelerator(open_device(device, config), config)


def fold_for(target: str, config: Config) -> Config:
    """The configuration folded so that its machine fits a target, by the gateware's solver.

    Raises
    ------
    ConfigError
        If no solver is installed, the target is unknown, or the network does not fit.
    """
    solvers = list(entry_points(group=GROUP))
    if not solvers:
        raise ConfigError(
            f"target = {target!r}: folding needs the gateware; install 'bsff[hardware]', or leave target out"
        )
    folded: Config = solvers[0].load()(config, target)
    return folded
