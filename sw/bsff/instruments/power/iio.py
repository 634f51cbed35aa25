"""Sensors that the kernel shows in ``/sys/bus/iio``: (raw + offset) times scale, in milliwatts, millivolts, milliamperes."""

from pathlib import Path

from .hwmon import UNKNOWN
from .sysfs import number, word

ROOT = Path("/sys/bus/iio/devices")


class IioPower:
    """An in_powerN of an IIO device.

    Parameters
    ----------
    folder : Path
        Folder of the device, such as ``/sys/bus/iio/devices/iio:device0``.
    channel : str
        Such as ``in_power2``.
    """

    def __init__(self, folder: Path, channel: str) -> None:
        self._folder, self._channel = folder, channel
        self.name = f"iio:{folder.name.removeprefix('iio:')}/{channel}"
        self.what = f"{word(folder / 'name', 'unknown')} {channel}"
        self.accuracy = UNKNOWN

    def read(self) -> float:
        """See `Sensor.read`."""
        if (ready := self._folder / f"{self._channel}_input").exists():
            return number(ready) * 1e-3
        offset = self._folder / f"{self._channel}_offset"
        raw = number(self._folder / f"{self._channel}_raw") + (number(offset) if offset.exists() else 0.0)
        return raw * number(self._folder / f"{self._channel}_scale") * 1e-3


def find(root: Path = ROOT) -> list[IioPower]:
    """Every power channel of the kernel's."""
    found = []
    for folder in sorted(root.glob("iio:device*")):
        channels = {
            path.name.rpartition("_")[0] for kind in ("raw", "input") for path in folder.glob(f"in_power*_{kind}")
        }
        found += [IioPower(folder, channel) for channel in sorted(channels)]
    return found
