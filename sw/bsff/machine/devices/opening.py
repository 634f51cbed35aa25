"""Devices by name: each is an entry point of the group ``bsff.devices``, so that other packages can bring more."""

import inspect
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from bsff.config import Config
from bsff.errors import DeviceError
from bsff.machine.protocol import Device

GROUP = "bsff.devices"
"""Each entry point is named as its device and leads to what opens it: called with the configuration, returns a `Device`."""


def device_names() -> tuple[str, ...]:
    """Names of the devices that are installed, sorted; nothing is imported for them."""
    return tuple(sorted(entry_points(group=GROUP).names))


def open_device(name: str, config: Config, *, waves: Path | None = None, toggles: bool = False) -> Device:
    """Open a device for a configuration.

    Parameters
    ----------
    name : str
        One of `device_names`: "emulated", "pynq", "serial", and with the gateware installed "rtl". A serial device may have
        its port, and the port's rate, behind a colon: "serial:/dev/ttyUSB0,115200".
    waves : Path, optional
        File to record every signal in; only a simulated device has signals.
    toggles : bool
        Count the changes of each bit; only a simulated device can.

    Raises
    ------
    DeviceError
        If there is no such device, it cannot do what is asked for, or a package that it needs is not installed.
    """
    given, (name, _, where) = name, name.partition(":")
    found = [point for point in entry_points(group=GROUP) if point.name == name]
    if not found:
        known = ", ".join(device_names()) or "none: install bsff with pip, which registers its devices"
        raise DeviceError(f"device = {given!r}: expected one of {known}")
    try:
        opener = found[0].load()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        package = "'bsff[train]'" if name == "emulated" else missing
        raise DeviceError(
            f"the {name} device needs {missing}, which is not installed: pip install {package}, or use another device"
        ) from None
    except (ImportError, AttributeError) as error:
        raise DeviceError(f"the {name} device cannot be loaded ({error}); install its package anew") from error
    able = inspect.signature(opener).parameters
    if given != name and "where" not in able:
        raise DeviceError(f"device = {given!r}: device {name} has no place to name; leave out what follows the colon")
    if waves is not None and "waves" not in able:
        raise DeviceError(f"waves file {waves}: device {name} has no signals to record; use the rtl device")
    if toggles and "toggles" not in able:
        raise DeviceError(f"toggles: device {name} has no bits to count the changes of; use the rtl device")
    options: dict[str, Any] = ({"waves": waves} if waves is not None else {}) | ({"toggles": True} if toggles else {})
    options |= {"where": where} if where else {}
    device: Device = opener(config, **options)
    return device
