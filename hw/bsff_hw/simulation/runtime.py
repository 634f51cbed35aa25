"""Verilator's own library: its objects are the same for every design, and are compiled once for each set of flags."""

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from bsff.tools.files import part

OBJECTS = "verilated*.o"
"""What is kept. It takes a third of the time that a small machine takes to compile."""

HOUR = 3600
"""Longest time from lending the objects to the end of a build, in seconds."""


class Runtime:
    """The compiled objects of Verilator's library.

    Parameters
    ----------
    root : Path
        Cache folder.
    parts : sequence of str
        All that the objects depend on: version, flags, machine.
    """

    def __init__(self, root: Path, parts: Sequence[str]) -> None:
        digest = hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()[:16]
        self.folder = root / f"verilator-runtime-{digest}"

    def lend(self, build: Path) -> None:
        """Put the objects where make looks for them, if there are any.

        They depend on the makefile that Verilator is about to write, though it says nothing about them. So their time is
        that of the build's end, an hour from now at most.
        """
        build.mkdir(parents=True, exist_ok=True)
        for kept in self.folder.glob(OBJECTS):
            lent = build / kept.name
            shutil.copyfile(kept, lent)
            later = time.time() + HOUR
            os.utime(lent, (later, later))

    def keep(self, build: Path) -> None:
        """Keep the objects of a build that succeeded, unless there are some. A full disk only costs the next build its time."""
        objects = list(build.glob(OBJECTS))
        if self.folder.is_dir() or not objects:
            return
        work = part(self.folder)
        with contextlib.suppress(OSError):
            work.mkdir()
            for made in objects:
                shutil.copyfile(made, work / made.name)
            os.rename(work, self.folder)  # another process may have been faster
        shutil.rmtree(work, ignore_errors=True)
