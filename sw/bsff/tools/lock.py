"""One process at a time."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":  # there, nothing is locked
    import fcntl

_POLL_SECONDS = 0.05


@contextmanager
def locked(path: Path, *, timeout: float, refusal: Exception) -> Iterator[None]:
    """Hold the lock file `path`; the system lets go of it when the process ends, however it ends.

    It needs no package, so that a board has it. On a file system without locks the file itself is the lock, and one that a
    killed process left has to be removed by hand.

    Parameters
    ----------
    path : Path
        Made if missing, and removed in the end.
    timeout : float
        Seconds to wait for another holder; 0 tries once.
    refusal : Exception
        Raised if another process holds it for longer.

    Raises
    ------
    OSError
        If the file cannot be made.
    """
    deadline = time.monotonic() + timeout
    while (handle := _try(path)) is None:
        if time.monotonic() >= deadline:
            raise refusal
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        with suppress(OSError):  # a folder that was removed meanwhile
            path.unlink(
                missing_ok=True
            )  # while it is held: who opened it before sees that it has no name, and tries again
        os.close(handle)


def _try(path: Path) -> int | None:
    """The open lock file if it is ours now."""
    for _ in range(100):  # each time, another holder has just removed it
        try:
            handle, made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), True
        except FileExistsError:
            try:
                handle, made = os.open(path, os.O_RDWR), False
            except FileNotFoundError:
                continue
        try:
            ours = _flock(handle, made)
            named = os.fstat(handle).st_nlink > 0
        except BaseException:
            os.close(handle)
            raise
        if ours and named:
            return handle
        os.close(handle)
        if named:
            return None
    return None


def _flock(handle: int, made: bool) -> bool:
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # the file system has no locks: who made the file holds it
        return made
    return True
