"""Devices that the driver can talk to; what differs is the device's name."""

from __future__ import annotations

from ..config import Config
from ..errors import DeviceError
from .protocol import Buffer, Device

DEVICES = ("emulated",)
"""Names that `open_device` knows."""


def open_device(name: str, config: Config) -> Device:
    """Open a device for a configuration.

    Raises
    ------
    DeviceError
        If there is no such device, or the configuration asks for what it cannot do.
    """
    if name == "emulated":
        from .emulated import EmulatedDevice  # the only one that needs numba

        return EmulatedDevice(config)
    raise DeviceError(f"device = {name!r}: expected one of {', '.join(DEVICES)}")


__all__ = ["DEVICES", "Buffer", "Device", "open_device"]
