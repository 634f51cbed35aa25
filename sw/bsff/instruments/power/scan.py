"""Which sensors there are."""

from pathlib import Path
from typing import Any

from bsff.errors import PowerError

from . import hwmon, iio, nvml, rapl
from .ina import CHIPS, open_ina
from .sensor import Sensor


def scan(*, hwmon_root: Path = hwmon.ROOT, iio_root: Path = iio.ROOT, rapl_root: Path = rapl.ROOT) -> list[Sensor]:
    """Every sensor of the kernel's and of NVML's. I2C chips are not looked for: a read can disturb another chip."""
    return [*hwmon.find(hwmon_root), *iio.find(iio_root), *rapl.find(rapl_root), *nvml.find()]


def choose(name: str | None, found: list[Sensor], **options: Any) -> Sensor | None:
    """The sensor of a name; without one, the only sensor, or None if there is none at all.

    Parameters
    ----------
    name : str, optional
        As `scan` gives it, or ``ina226:1/0x40``.
    **options
        Options of `ina.Ina`.

    Raises
    ------
    PowerError
        If there is no sensor of that name, or no name and several sensors.
    """
    there = ", ".join(sensor.name for sensor in found) or "none"
    if name is None:
        if len(found) > 1:
            raise PowerError(
                f"which of {len(found)} sensors? Each may measure another rail: name the one that feeds the machine with --sensor, "
                f"one of {there}"
            )
        return found[0] if found else None
    if name.partition(":")[0] in CHIPS:
        return open_ina(name, **options)
    for sensor in found:
        if sensor.name == name:
            return sensor
    raise PowerError(
        f"sensor {name!r}: not found; there are: {there}. On I2C name it as {', '.join(CHIPS)}:bus/address"
    )
