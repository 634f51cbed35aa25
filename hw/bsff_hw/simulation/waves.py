"""A waves file takes its name when it is complete."""

import os
from pathlib import Path

from bsff.errors import DeviceError


class WavesFile:
    """Where a simulator writes its waves (FST, for GTKWave or Surfer).

    Parameters
    ----------
    path : Path
        In a folder that exists.

    Attributes
    ----------
    part : Path
        What to write to, until `finish`.

    Raises
    ------
    DeviceError
        If no file can be written there.
    """

    def __init__(self, path: Path) -> None:
        folder = path.absolute().parent
        if not folder.is_dir():
            raise DeviceError(f"waves file {path}: the folder {folder} does not exist; make it, or name another file")
        if path.is_dir():
            raise DeviceError(f"waves file {path}: this is a folder; name a file in it")
        if not os.access(folder, os.W_OK):
            raise DeviceError(f"waves file {path}: no permission to write in {folder}; name another file")
        self.path = path.absolute()
        self.part = folder / f".{path.name}.{os.getpid()}-{id(self):x}.part"

    def finish(self) -> None:
        """Give the complete file its name."""
        os.replace(self.part, self.path)

    def discard(self) -> None:
        """Leave nothing."""
        self.part.unlink(missing_ok=True)
