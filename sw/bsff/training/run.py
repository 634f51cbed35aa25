"""A run directory: configuration, checkpoint, metrics, logs and pictures of one training."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bsff import config
from bsff.config import Config
from bsff.errors import CheckpointError
from bsff.golden.state import NetworkState
from bsff.machine import checkpoint
from bsff.machine.checkpoint import Progress
from bsff.tools.files import write_text
from bsff.tools.provenance import processor, versions


class RunDirectory:
    """The files of one run.

    Parameters
    ----------
    path : Path
        Made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def checkpoint(self) -> Path:
        """Path of the checkpoint."""
        return self.path / checkpoint.NAME

    def begin(self, chosen: Config) -> None:
        """Write the configuration into a new run directory.

        Raises
        ------
        CheckpointError
            If the directory already holds a run: nothing that was saved is overwritten.
        """
        if self.checkpoint.exists():
            raise CheckpointError(f"{self.path} already holds a run; go on with --resume, or give another --out")
        self.path.mkdir(parents=True, exist_ok=True)
        self.write_config(chosen)

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
        """Write the checkpoint."""
        checkpoint.save(self.checkpoint, chosen, state, progress)

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
                f"{self.path / 'metrics.json'}: cannot be read ({error}); `bsff eval {self.path}` writes it anew"
            ) from None
        assert isinstance(found, dict)
        return found


def _numbered(name: str) -> Iterator[Path]:
    root = Path("runs")
    yield root / name
    for number in itertools.count(2):
        yield root / f"{name}-{number}"


def unused(name: str) -> Path:
    """First of ``runs/NAME``, ``runs/NAME-2``, ... that holds no run."""
    return next(path for path in _numbered(name) if not (path / checkpoint.NAME).exists())


def latest(name: str) -> Path:
    """Last of ``runs/NAME``, ``runs/NAME-2``, ... that holds a run; ``runs/NAME`` if none does."""
    held = list(itertools.takewhile(lambda path: (path / checkpoint.NAME).exists(), _numbered(name)))
    return held[-1] if held else next(_numbered(name))
