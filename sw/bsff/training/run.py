"""A run directory: configuration, checkpoint, metrics, logs and pictures of one training."""

import itertools
import json
import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from bsff import config
from bsff.config import Config
from bsff.errors import CheckpointError
from bsff.golden.state import NetworkState
from bsff.machine import checkpoint
from bsff.machine.checkpoint import Progress
from bsff.tools.files import write_text
from bsff.tools.lock import locked
from bsff.tools.provenance import processor, versions

LOCK = ".lock"
"""Lies in a run directory while a process writes the run."""


class TakenError(CheckpointError):
    """A run directory holds a run already, or another process writes it."""


class RunDirectory:
    """The files of one run.

    Parameters
    ----------
    path : Path
        `new_run` makes it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def checkpoint(self) -> Path:
        """Path of the checkpoint."""
        return self.path / checkpoint.NAME

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from writing this run.

        Raises
        ------
        TakenError
            If another one writes it.
        """
        refusal = TakenError(
            f"{self.path} is in use: another process is writing this run; wait for it or end it, or give another --out"
        )
        with locked(self.path / LOCK, timeout=0, refusal=refusal):
            yield

    def write_config(self, chosen: Config) -> None:
        """Write ``config.toml`` for people and ``config.json`` for programs."""
        write_text(self.path / "config.toml", config.dumps(chosen))
        write_text(self.path / "config.json", json.dumps(chosen.to_dict(), indent=1) + "\n")

    def config(self) -> Config:
        """The configuration of the run.

        Raises
        ------
        CheckpointError
            If the directory holds no run.
        """
        path = self.path / "config.json"
        if not path.exists():
            raise CheckpointError(
                f"{self.path}: no run there (no config.json); train first, or give a directory that `bsff train` wrote"
            )
        return config.load(path)

    def save(self, chosen: Config, state: NetworkState, progress: Progress) -> None:
        """Write the checkpoint.

        Raises
        ------
        CheckpointError
            If it cannot be written; the one before is whole.
        """
        try:
            checkpoint.save(self.checkpoint, chosen, state, progress)
        except OSError as error:
            before = "the one before it is whole" if self.checkpoint.exists() else "there is none before it"
            raise CheckpointError(
                f"{self.checkpoint}: cannot be written ({error.strerror or error}), {before}; make room or see to the "
                f"permissions, then {'go on with --resume' if self.checkpoint.exists() else 'begin again'}"
            ) from error

    def load(self) -> tuple[Config, NetworkState, Progress]:
        """Configuration, machine state and progress."""
        chosen = self.config()
        return (chosen, *checkpoint.load(self.checkpoint, chosen))

    def write_metrics(self, chosen: Config, device: str, progress: Progress, final: dict[str, Any] | None) -> None:
        """Write ``metrics.json``; `final` is None while the run goes on."""
        metrics = {
            "config": chosen.name,
            "dataset": chosen.data.dataset,
            "device": device,
            "seed": chosen.training.seed,
            "versions": versions(),
            "machine": processor(),
            "epochs": progress.epochs,
            "final": final,
        }
        write_text(self.path / "metrics.json", json.dumps(metrics, indent=1) + "\n")

    def metrics(self) -> dict[str, Any]:
        """What ``metrics.json`` holds.

        Raises
        ------
        CheckpointError
            If it is missing or damaged.
        """
        try:
            found = json.loads((self.path / "metrics.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CheckpointError(
                f"{self.path / 'metrics.json'}: cannot be read ({error}); `{shlex.join(['bsff', 'eval', str(self.path)])}` writes it anew"
            ) from None
        assert isinstance(found, dict)
        return found


def _numbered(name: str) -> Iterator[Path]:
    root = Path("runs")
    yield root / name
    for number in itertools.count(2):
        yield root / f"{name}-{number}"


@contextmanager
def new_run(name: str, path: Path | None = None) -> Iterator[RunDirectory]:
    """A directory for a new run, held against other processes: `path`, else the first free of ``runs/NAME``, ``runs/NAME-2``, ...

    What is still empty in the end goes away again.

    Raises
    ------
    TakenError
        If `path` already holds a run, for nothing that was saved is overwritten; or if another process writes it.
    OSError
        If it cannot be made.
    """
    for candidate in _numbered(name) if path is None else [path]:
        directory = RunDirectory(candidate)
        with ExitStack() as stack:
            try:
                _check_free(directory)
                stack.enter_context(_made(candidate))
                stack.enter_context(directory.held())
                _check_free(directory)  # as it is now that nobody else writes it
            except TakenError:
                if path is not None:
                    raise
                continue
            yield directory
            return


def _check_free(directory: RunDirectory) -> None:
    if directory.checkpoint.exists():
        raise TakenError(f"{directory.path} already holds a run; go on with --resume, or give another --out")


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; those that were made and are empty in the end go away again."""
    missing = list(itertools.takewhile(lambda path: not path.exists(), [folder, *folder.parents]))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):  # not empty, or gone
            for path in missing:
                path.rmdir()


def latest(name: str) -> Path:
    """That of ``runs/NAME``, ``runs/NAME-2``, ... with the highest number that holds a run; ``runs/NAME`` if none does."""
    first = next(_numbered(name))
    pattern = re.compile(re.escape(name) + r"(?:-(\d+))?")
    found = [(pattern.fullmatch(path.parent.name), path.parent) for path in first.parent.glob(f"*/{checkpoint.NAME}")]
    held = [(int(match[1] or 1), path) for match, path in found if match]
    return max(held)[1] if held else first
