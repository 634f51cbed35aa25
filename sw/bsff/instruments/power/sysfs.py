"""Numbers in files of the kernel."""

from pathlib import Path

from bsff.errors import PowerError


def number(path: Path) -> float:
    """The number in a file of sysfs.

    Raises
    ------
    PowerError
        If it cannot be read, or is none.
    """
    try:
        return float(path.read_text())
    except PermissionError as error:
        raise PowerError(
            f"{path}: only root may read it; run as root, or let everybody: sudo chmod a+r {path} (until the next start)"
        ) from error
    except (OSError, ValueError) as error:
        raise PowerError(
            f"{path}: cannot be read ({error}); was the sensor unplugged or its driver removed? See `bsff power --list`"
        ) from error


def word(path: Path, otherwise: str) -> str:
    """The text in a file of sysfs, or something else."""
    try:
        return path.read_text().strip() or otherwise
    except OSError:
        return otherwise


def number_or_none(path: Path) -> float | None:
    """The number in a file of sysfs that need not be there."""
    try:
        return float(path.read_text())
    except (OSError, ValueError):
        return None
