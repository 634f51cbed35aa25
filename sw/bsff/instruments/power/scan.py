"""Which sensors there are."""

from pathlib import Path
from typing import Any

from bsff.errors import PowerError

from . import hwmon, iio
from .ina import CHIPS, open_ina
from .sensor import Sensor

ORDER = "hwmon, iio, then I2C by name"


def scan(*, hwmon_root: Path = hwmon.ROOT, iio_root: Path = iio.ROOT) -> list[Sensor]:
    """Every sensor of the kernel's, those of hwmon first. I2C chips are not looked for: a read can disturb another chip."""
    return [*hwmon.find(hwmon_root), *iio.find(iio_root)]


def choose(name: str | None, found: list[Sensor], **options: Any) -> Sensor | None:
    """The sensor of a name, the first one without a name, None if there is none at all.

    Parameters
    ----------
    name : str, optional
        As `scan` gives it, or ``ina226:1/0x40``.
    **options
        Options of `ina.Ina`.

    Raises
    ------
    PowerError
        If there is no sensor of that name.
    """
    if name is None:
        return found[0] if found else None
    if name.partition(":")[0] in CHIPS:
        return open_ina(name, **options)
    for sensor in found:
        if sensor.name == name:
            return sensor
    there = ", ".join(sensor.name for sensor in found) or "none"
    raise PowerError(
        f"sensor {name!r}: not found; there are: {there}. On I2C name it as {', '.join(CHIPS)}:bus/address"
    )
