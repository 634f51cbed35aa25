"""One process at a time."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bsff.errors import DeviceError

_POLL = 0.1  # seconds


@contextmanager
def locked(path: Path, timeout: float) -> Iterator[None]:
    """Hold the lock file `path`; the system lets go of it when the process ends, however it ends.

    Parameters
    ----------
    path : Path
        Made if missing, and left in place: to remove it would let two processes hold different files of that name.
    timeout : float
        Seconds to wait for another holder.

    Raises
    ------
    DeviceError
        If another process holds it for longer.
    """
    deadline = time.monotonic() + timeout
    with path.open("wb") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise DeviceError(
                        f"{path}: another process has held this lock for {timeout:g} s, so its build hangs or is very "
                        "slow; wait for it or end it, then try again"
                    ) from None
                time.sleep(_POLL)
        yield
