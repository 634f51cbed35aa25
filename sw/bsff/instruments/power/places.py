"""Names of the kernel's devices that stay the same after a reboot: chip and place on its bus, not the order of discovery."""

from collections.abc import Sequence
from pathlib import Path


def place(folder: Path) -> str:
    """Where on its bus the device behind a class folder sits, as ``1-0040`` (I2C) or ``0000:03:00.0`` (PCI); "" if it has no bus.

    Parameters
    ----------
    folder : Path
        Such as ``/sys/class/hwmon/hwmon0``, whose link ``device`` leads there, or a link into the tree of devices itself.
    """
    link = folder / "device"
    try:
        if link.exists():
            return link.resolve().name
        if folder.is_symlink():
            return folder.resolve().parent.name
    except OSError:  # a loop of links
        pass
    return ""


def titles(kind: str, chips: Sequence[tuple[str, Path]]) -> list[str]:
    """A name for each chip: ``kind:chip@place``; equal ones are numbered in the order of their folders.

    Parameters
    ----------
    kind : str
        Such as ``hwmon``.
    chips : sequence of (str, Path)
        Name and class folder of each.
    """
    found: list[str] = []
    for chip, folder in chips:
        where = place(folder)
        title = f"{kind}:{chip}@{where}" if where else f"{kind}:{chip}"
        same = sum(other.partition("#")[0] == title for other in found)
        found.append(f"{title}#{same + 1}" if same else title)
    return found
