"""Sensors that the kernel shows in ``/sys/bus/iio``: (raw + offset) times scale, in milliwatts.

Files and units: Documentation/ABI/testing/sysfs-bus-iio.
"""

from pathlib import Path

from .hwmon import UNKNOWN
from .places import titles
from .response import CLOCK, Response, block
from .sysfs import number, number_or_none, word

ROOT = Path("/sys/bus/iio/devices")


class IioPower:
    """An in_powerN of an IIO device.

    Parameters
    ----------
    folder : Path
        Folder of the device, such as ``/sys/bus/iio/devices/iio:device0``.
    title : str
        Name of the device, see `places.titles`.
    channel : str
        Such as ``in_power2``.
    """

    def __init__(self, folder: Path, title: str, channel: str) -> None:
        self._folder, self._channel = folder, channel
        self.name = f"{title}/{channel}"
        self.what = f"{word(folder / 'name', 'unknown')} {channel}"
        self.accuracy = UNKNOWN
        self.wraps: tuple[float, ...] | None = None
        self.response = _response(folder)

    def read(self) -> float:
        """See `Sensor.read`."""
        if (ready := self._folder / f"{self._channel}_input").exists():
            return number(ready) * 1e-3
        offset = self._folder / f"{self._channel}_offset"
        raw = number(self._folder / f"{self._channel}_raw") + (number(offset) if offset.exists() else 0.0)
        return raw * number(self._folder / f"{self._channel}_scale") * 1e-3


def _response(folder: Path) -> Response | None:
    """By the frequency of new values, in hertz, over which the INA2xx take their mean."""
    for file in (folder / "in_sampling_frequency", folder / "sampling_frequency"):
        if hertz := number_or_none(file):
            return block(CLOCK / hertz, f"{file.name} {hertz:g} Hz")
    return None


def find(root: Path = ROOT) -> list[IioPower]:
    """Every power channel of the kernel's."""
    folders = sorted(root.glob("iio:device*"))
    chips = [(word(folder / "name", "unknown"), folder) for folder in folders]
    found = []
    for folder, title in zip(folders, titles("iio", chips), strict=True):
        channels = {
            path.name.rpartition("_")[0] for kind in ("raw", "input") for path in folder.glob(f"in_power*_{kind}")
        }
        found += [IioPower(folder, title, channel) for channel in sorted(channels)]
    return found
