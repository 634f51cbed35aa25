"""Keep decoded archives, so that only the first load is slow."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.tools.files import write_atomic

NamedArrays = dict[str, NDArray[Any]]
FORMAT = 1
"""Count this up when the decoded arrays change (order, layout): older entries are then not found."""


def cache_file(archive: Path, folder: Path) -> Path:
    """Name of the cache entry of `archive`: a new size, time stamp or name makes a new entry."""
    stat = archive.stat()
    key = f"{FORMAT}/{archive.name}/{stat.st_size}/{stat.st_mtime_ns}"
    return folder / f"{archive.name.split('.')[0]}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"


def cached(archive: Path, folder: Path, build: Callable[[], NamedArrays]) -> NamedArrays:
    """The arrays of `archive`: from the cache, else from `build`, whose result is then kept.

    Parameters
    ----------
    archive : Path
        File that `build` decodes.
    folder : Path
        Cache folder; created when needed. If it cannot be written, only time is lost.
    build : callable
        Returns the arrays by name.

    Returns
    -------
    dict of str to ndarray
    """
    entry = cache_file(archive, folder)
    if entry.is_file():
        # Whatever is wrong with the entry (zip, checksum, header), the archive itself is still there.
        # Opened here because numpy leaves a damaged file open.
        with suppress(Exception), entry.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    arrays = build()
    with suppress(OSError):
        entry.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(entry, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]  # of the stub
    return arrays
