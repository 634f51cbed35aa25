"""One process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, timeout: float, refusal: Exception) -> Iterator[None]:
    """Hold the lock file `path`; the system lets go of it when the process ends, however it ends.

    Parameters
    ----------
    path : Path
        Made if missing, and left in place.
    timeout : float
        Seconds to wait for another holder; 0 tries once.
    refusal : Exception
        Raised if another process holds it for longer.
    """
    from filelock import FileLock, Timeout  # here: who only loads what was built needs no lock

    lock = FileLock(path)
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        raise refusal from None
    try:
        yield
    finally:
        lock.release()
