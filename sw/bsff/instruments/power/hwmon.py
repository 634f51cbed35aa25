"""Sensors that the kernel shows in ``/sys/class/hwmon``: powerN in microwatts, else volts times amperes."""

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
_CHANNELS = dict.fromkeys(_KNOWN, ("in1", "curr1"))
"""in0 is the voltage of the shunt, in1 that of the bus."""


def _model(folder: Path) -> tuple[str, str]:
    """A chip's name, and its model: a board's device tree may append the place, as in ``ina226_u76``."""
    name = word(folder / "name", "unknown")
    return name, name.partition("_")[0]


class HwmonPower:
    """A powerN_input.

    Parameters
    ----------
    folder : Path
        Of the chip, such as ``/sys/class/hwmon/hwmon0``.
    channel : str
        Such as ``power1``.
    """

    def __init__(self, folder: Path, channel: str) -> None:
        chip, model = _model(folder)
        self._path = folder / f"{channel}_input"
        self.name = f"hwmon:{folder.name}/{channel}"
        self.what = f"{chip} {word(folder / f'{channel}_label', channel)}"
        self.accuracy = _KNOWN.get(model, UNKNOWN)

    def read(self) -> float:
        """See `Sensor.read`."""
        return number(self._path) * 1e-6


class HwmonProduct:
    """A pair of inN_input and currN_input.

    Parameters
    ----------
    folder : Path
    voltage, current : str
        Such as ``in1`` and ``curr1``.
    """

    def __init__(self, folder: Path, voltage: str, current: str) -> None:
        chip, model = _model(folder)
        self._voltage, self._current = folder / f"{voltage}_input", folder / f"{current}_input"
        self.name = f"hwmon:{folder.name}/{voltage}*{current}"
        self.what = f"{chip} {word(folder / f'{current}_label', current)}, volts times amperes"
        self.accuracy = _KNOWN.get(model, UNKNOWN)

    def read(self) -> float:
        """See `Sensor.read`."""
        return number(self._voltage) * 1e-3 * number(self._current) * 1e-3


def find(root: Path = ROOT) -> list[HwmonPower | HwmonProduct]:
    """Every power sensor of the kernel's."""
    found: list[HwmonPower | HwmonProduct] = []
    for folder in sorted(root.glob("hwmon*")):
        powers = sorted(path.name.removesuffix("_input") for path in folder.glob("power*_input"))
        if powers:
            found += [HwmonPower(folder, channel) for channel in powers]
            continue
        _, model = _model(folder)
        for path in sorted(folder.glob("curr*_input")):
            current = path.name.removesuffix("_input")
            voltage = dict([_CHANNELS.get(model, ("", ""))[::-1]]).get(current, f"in{current[4:]}")
            if (folder / f"{voltage}_input").exists():
                found.append(HwmonProduct(folder, voltage, current))
    return found
