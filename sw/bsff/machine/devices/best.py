"""The best device that there is."""

from collections.abc import Callable, Sequence

from bsff.config import Config
from bsff.errors import DeviceError
from bsff.machine.protocol import Device

from .opening import open_device

ORDER = ("pynq", "rtl", "emulated")
"""A board; else its Verilog, simulated; else the golden model."""


def open_best(
    config: Config, *, order: Sequence[str] = ORDER, report: Callable[[str], None] = print
) -> tuple[str, Device]:
    """Open the first device that can be opened; returns its name and the device.

    Parameters
    ----------
    report : callable
        Told why a device was passed over, and which one was taken.

    Raises
    ------
    DeviceError
        If none can be opened.
    """
    reasons = []
    for name in order:
        try:
            device = open_device(name, config)
        except (DeviceError, ImportError) as error:
            reasons.append(f"{name}: {error}")
            report(f"not {name}: {error}")
        else:
            report(f"device: {name}")
            return name, device
    raise DeviceError("no device can be opened. " + "; ".join(reasons))
