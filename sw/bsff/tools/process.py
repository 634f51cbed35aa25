"""Runs outside tools: each in a process group of its own and with a limit of time, so that nothing is left behind."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE = "BSFF_PATIENCE"
"""Environment variable: a factor for every limit of time here, for a machine that is slow or shared."""
_END_SECONDS = 30.0


@dataclass(frozen=True)
class Ended:
    """How a tool ended."""

    status: int | None
    """Exit status; None if time ran out."""
    output: str = ""
    """What it wrote to standard output; empty if that went to a log."""


def patient(seconds: float) -> float:
    """A limit of time, as long as this machine needs: `seconds` times `PATIENCE`."""
    return seconds * float(os.environ.get(PATIENCE) or 1)


def run(
    command: Sequence[str],
    *,
    timeout: float,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
    given: str = "",
) -> Ended:
    """Run a tool and wait for it; when it ends, is out of time, or we are interrupted, its children end too.

    Parameters
    ----------
    command : sequence of str
    timeout : float
        Seconds that it may take, see `patient`.
    folder : Path, optional
        Where it runs.
    environment : mapping, optional
        All of its environment; by default ours.
    log : Path, optional
        File for what it writes, standard error included; without it standard output is returned and errors are dropped.
    given : str
        What it reads from standard input.

    Raises
    ------
    OSError
        If it cannot be started.
    """
    with ExitStack() as files:
        sink = subprocess.PIPE if log is None else files.enter_context(log.open("wb"))
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=subprocess.DEVNULL if log is None else subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(given.encode(), patient(timeout))
            return Ended(process.returncode, (output or b"").decode(errors="replace"))
        except subprocess.TimeoutExpired:
            return Ended(None)
        finally:
            with suppress(ProcessLookupError):  # none is left
                os.killpg(process.pid, signal.SIGKILL)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
            process.wait(_END_SECONDS)


def words(log: Path) -> list[str]:
    """The lines of a log that are not empty."""
    return [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
