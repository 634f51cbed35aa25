"""Sensors that the kernel shows in ``/sys/class/hwmon``: powerN in microwatts, else volts times amperes."""

import math
from pathlib import Path

from .sensor import Accuracy
from .sysfs import number, word

ROOT = Path("/sys/class/hwmon")
UNKNOWN = Accuracy(gain=0.02, offset=0.02)
"""The driver tells nothing of its accuracy: 2 % and 20 mW, an assumption that a report repeats."""
_KNOWN = {
    # gains and offsets as in `ina`, for 5 V and a shunt of 10 milliohm with 1 %
    "ina219": Accuracy(0.015, 0.1, 0.01),
    "ina226": Accuracy(0.003, 0.005, 0.01),
    "ina260": Accuracy(0.008, 0.04),  # its shunt is inside
}


def _model(folder: Path) -> tuple[str, str]:
    """A chip's name, and its model: a board's device tree may append the place, as in ``ina226_u76``."""
    name = word(folder / "name", "unknown")
    return name, name.partition("_")[0]


class HwmonSensor:
    """A chip's powerN_input, or the product of its inN_input and currN_input.

    Parameters
    ----------
    folder : Path
        Folder of the chip, such as ``/sys/class/hwmon/hwmon0``.
    *channels : str
        ``power1`` alone, or ``in1`` and ``curr1``.
    """

    def __init__(self, folder: Path, *channels: str) -> None:
        chip, model = _model(folder)
        self._paths = [folder / f"{channel}_input" for channel in channels]
        self.name = f"hwmon:{folder.name}/{'*'.join(channels)}"
        self.what = f"{chip} {word(folder / f'{channels[-1]}_label', channels[-1])}"
        self.what += ", volts times amperes" if len(channels) > 1 else ""
        self.accuracy = _KNOWN.get(model, UNKNOWN)

    def read(self) -> float:
        """See `Sensor.read`; microwatts, or millivolts times milliamperes."""
        return math.prod(map(number, self._paths)) * 1e-6


def find(root: Path = ROOT) -> list[HwmonSensor]:
    """Every power sensor of the kernel's; volts and amperes are multiplied where a chip shows no power."""
    found: list[HwmonSensor] = []
    for folder in sorted(root.glob("hwmon*")):
        powers, currents = (
            sorted(path.name.removesuffix("_input") for path in folder.glob(f"{kind}*_input"))
            for kind in ("power", "curr")
        )
        # of an INA2xx in1 is the voltage of the bus; in0, that of the shunt, has no current of its number
        pairs = [(f"in{current.removeprefix('curr')}", current) for current in currents]
        found += [HwmonSensor(folder, channel) for channel in powers] or [
            HwmonSensor(folder, *pair) for pair in pairs if (folder / f"{pair[0]}_input").exists()
        ]
    return found
