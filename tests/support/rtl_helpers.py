"""A small design with the machine's ports, and a `make` that does what a test wants."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bsff.config import Config

STANDIN = Path(__file__).with_name("rtl_standin.v").read_text()
"""Answers like the machine's AXI4-Lite slave; address and data of a write are taken at different times."""

# where the stand-in's registers lie in the machine's table
MAGIC, CONTROL, STATUS, ACCEPTED, SPACE, COUNT = 0x00, 0x40, 0x48, 0x4C, 0x50, 0x5C
WORK, FETCH, BEAT_LOW, BEAT_HIGH, BEATS = 0x64, 0x6C, 0x70, 0x74, 0x78
RANDOM, HANG, FINISH = 0x80, 0x84, 0x88


def stand_in(config: Config) -> str:
    """What stands in for `bsff_hw.simulation.generate.generate`."""
    return f"// {config.name}\n{STANDIN}"


def spawn(code: str, **environment: str) -> subprocess.Popen[str]:
    """Python in another process, with this folder on its path."""
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class FstHeader(NamedTuple):
    """The first block of an FST file; the writer fills in the end when it closes."""

    kind: int
    length: int
    start: int
    end: int
    scopes: int
    variables: int

    @classmethod
    def of(cls, path: Path) -> FstHeader:
        kind, length, start, end, _, _, scopes, variables = struct.unpack(">BQQQ8s8sQQ", path.read_bytes()[:57])
        return cls(kind, length, start, end, scopes, variables)
