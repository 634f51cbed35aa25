"""Keep decoded archives, so that only the first load is slow."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        with suppress(Exception), np.load(entry, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    arrays = build()
    with suppress(OSError):
        _write(entry, arrays)
    return arrays


def _write(entry: Path, arrays: NamedArrays) -> None:
    """Write under another name and rename: nobody ever sees half an entry."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=entry.parent, prefix=f"{entry.stem}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # the stub takes a name for allow_pickle
        os.replace(name, entry)
    except BaseException:  # also when interrupted from the keyboard
        os.unlink(name)
        raise
