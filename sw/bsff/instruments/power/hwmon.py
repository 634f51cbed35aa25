"""Sensors that the kernel shows in ``/sys/class/hwmon``: power, mean power, energy, else volts times amperes.

Units are those of Documentation/hwmon/sysfs-interface.rst: microwatts, microjoules, millivolts, milliamperes, milliseconds.
"""

import math
from pathlib import Path

from .places import titles
from .response import CLOCK, Response, block
from .sensor import Accuracy
from .sysfs import number, number_or_none, word

ROOT = Path("/sys/class/hwmon")
UNKNOWN = Accuracy(gain=0.02, offset=0.02)
"""The driver tells nothing of its accuracy: 2 % and 20 mW, an assumption that a report repeats."""
OVERFLOWS = tuple(2.0**bits * 1e-6 for bits in (32, 48, 63, 64))
"""Joules at which a counter of microjoules may begin again; no file tells which. Drivers keep 32 to 64 bits."""
_KNOWN = {
    # gains and offsets as in `ina`, for 5 V and a shunt of 10 milliohm with 1 %
    "ina219": Accuracy(0.015, 0.1, 0.01),
    "ina226": Accuracy(0.003, 0.005, 0.01),
    "ina260": Accuracy(0.008, 0.04),  # its shunt is inside
}


class HwmonSensor:
    """A chip's powerN_input, powerN_average or energyN_input, or the product of its inN_input and currN_input.

    Parameters
    ----------
    folder : Path
        Folder of the chip, such as ``/sys/class/hwmon/hwmon0``.
    title : str
        Name of the chip, see `places.titles`.
    *files : str
        One of ``power1_input``, ``power1_average``, ``energy1_input``; or ``in1_input`` and ``curr1_input``.
    """

    def __init__(self, folder: Path, title: str, *files: str) -> None:
        chip = word(folder / "name", "unknown")
        self._paths = [folder / file for file in files]
        channels = [file.removesuffix("_input") for file in files]
        channel = channels[-1].partition("_")[0]
        self.name = f"{title}/{'*'.join(channels)}"
        self.what = f"{chip} {word(folder / f'{channel}_label', channels[-1])}"
        self.what += ", volts times amperes" if len(files) > 1 else ""
        # a board's device tree may append the place to a chip's name, as in ina226_u76
        self.accuracy = _KNOWN.get(chip.partition("_")[0], UNKNOWN)
        self.wraps: tuple[float, ...] | None = OVERFLOWS if channel.startswith("energy") else None
        self.response = _response(folder, channel, average=files[0].endswith("_average"))

    def read(self) -> float:
        """See `Sensor.read`; microwatts, microjoules, or millivolts times milliamperes."""
        return math.prod(map(number, self._paths)) * 1e-6


def _response(folder: Path, channel: str, *, average: bool) -> Response | None:
    """As the driver tells it: the time of the mean, or the time between new values, in milliseconds.

    Between new values an INA226 or INA260 takes its mean, so the second is a time of averaging too.
    """
    file = folder / (f"{channel}_average_interval" if average else "update_interval")
    milliseconds = number_or_none(file)
    return block(CLOCK * milliseconds * 1e-3, f"{file.name} {milliseconds:g} ms") if milliseconds else None


def find(root: Path = ROOT) -> list[HwmonSensor]:
    """Every sensor of power or energy of the kernel's; volts and amperes are multiplied where a chip shows neither."""
    folders = sorted(root.glob("hwmon*"))
    chips = [(word(folder / "name", "unknown"), folder) for folder in folders]
    found: list[HwmonSensor] = []
    for folder, title in zip(folders, titles("hwmon", chips), strict=True):
        ready = sorted(
            path.name
            for pattern in ("power*_input", "power*_average", "energy*_input")
            for path in folder.glob(pattern)
        )
        currents = sorted(path.name for path in folder.glob("curr*_input"))
        # of an INA2xx in1 is the voltage of the bus; in0, that of the shunt, has no current of its number
        pairs = [(f"in{current.removeprefix('curr')}", current) for current in currents]
        found += [HwmonSensor(folder, title, file) for file in ready] or [
            HwmonSensor(folder, title, *pair) for pair in pairs if (folder / pair[0]).exists()
        ]
    return found
