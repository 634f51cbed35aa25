"""Counters of energy in processors (Intel's RAPL, AMD's twin of it), which the kernel shows in ``/sys/class/powercap``.

Files and units: Documentation/power/powercap/powercap.rst. A zone such as ``intel-rapl:0`` is a package with its cores and caches; its
parts, as ``intel-rapl:0:0``, are included in it. Boards, disks, fans and power supplies are not.
"""

from pathlib import Path

from .response import Response
from .sensor import Accuracy
from .sysfs import number, word

ROOT = Path("/sys/class/powercap")
ACCURACY = Accuracy(gain=0.05, offset=0.0, linearity=0.05)
"""No vendor states one, so 5 % is assumed, for differences too; a report repeats it."""
RESPONSE = Response(0.01, 0.02, "a counter of energy that is renewed about every millisecond")
"""Ten times the millisecond at which RAPL's registers are renewed (Intel 64 manual, volume 3, section on RAPL interfaces)."""


class RaplSensor:
    """A zone of powercap.

    Parameters
    ----------
    folder : Path
        Such as ``/sys/class/powercap/intel-rapl:0``.
    name : str
        Names of the zones above and its own, such as ``package-0/core``.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / "energy_uj"
        self.name = f"rapl:{name}"
        self.what = f"processor, {name}"
        self.accuracy = ACCURACY
        self.response: Response | None = RESPONSE
        limit = word(folder / "max_energy_range_uj", "")
        self.wraps: tuple[float, ...] | None = (float(limit) * 1e-6,) if limit.isdigit() else ()

    def read(self) -> float:
        """See `Sensor.read`; joules."""
        return number(self._path) * 1e-6


def find(root: Path = ROOT) -> list[RaplSensor]:
    """Every zone with a counter. Those of the memory-mapped interface are left out: they show the same packages again."""
    folders = sorted(path for path in root.glob("intel-rapl:*") if (path / "energy_uj").exists())
    names = {folder.name: word(folder / "name", folder.name) for folder in folders}
    found = []
    for folder in folders:
        parts = folder.name.split(":")
        above = [":".join(parts[:count]) for count in range(2, len(parts) + 1)]
        found.append(RaplSensor(folder, "/".join(names.get(name, name) for name in above)))
    return found
