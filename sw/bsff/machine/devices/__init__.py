"""Devices that the driver can talk to; what differs is the device's name."""

from __future__ import annotations

from pathlib import Path

from bsff.config import Config
from bsff.errors import DeviceError
from bsff.machine.protocol import Buffer, Device

DEVICES = ("emulated", "rtl", "pynq")
"""Names that `open_device` knows."""


def open_device(name: str, config: Config, *, waves: Path | None = None) -> Device:
    """Open a device for a configuration.

    Parameters
    ----------
    name : {"emulated", "rtl", "pynq"}
    config : Config
    waves : Path, optional
        File to record every signal in; only "rtl" has signals.

    Raises
    ------
    DeviceError
        If there is no such device, it cannot do what is asked for, or a package that it needs is not installed.
    """
    if name not in DEVICES:
        raise DeviceError(f"device = {name!r}: expected one of {', '.join(DEVICES)}")
    if name == "rtl":
        from bsff_hw.simulation import RtlDevice  # needs a compiler and Verilator

        return RtlDevice(config, waves=waves)
    if waves is not None:
        raise DeviceError(f"waves file {waves}: device {name} has no signals to record; use the rtl device")
    if name == "pynq":
        from .pynq import open_overlay  # needs a board

        return open_overlay(config)
    try:
        from .emulated import EmulatedDevice  # the only one that needs numba
    except ModuleNotFoundError as error:
        raise DeviceError(
            f"the emulated device needs {error.name}, which is not installed: pip install 'bsff[train]', or use another device"
        ) from None
    return EmulatedDevice(config)


__all__ = ["DEVICES", "Buffer", "Device", "open_device"]
