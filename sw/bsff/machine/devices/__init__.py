"""Devices that the driver can talk to: the golden model, a board; other packages add theirs (see `opening`)."""

from bsff.machine.protocol import Buffer, Device

from .opening import device_names, open_device

__all__ = ["Buffer", "Device", "device_names", "open_device"]
