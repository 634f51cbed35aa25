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
