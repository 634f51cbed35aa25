"""What a training shows while it runs."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from bsff.config import Config
from bsff.machine.checkpoint import Progress
from bsff.training.progress import show
from bsff.training.train import Tally

from .absent import tell
from .tensorboard import Log


class Display:
    """Progress, one line an epoch, TensorBoard.

    Nothing here ends a training: neither a terminal that was closed, nor a full disk, nor a package that is missing.
    """

    def __init__(
        self, config: Config, predictors: tuple[str, ...], progress: Progress, total: int, folder: Path
    ) -> None:
        self._predictors = predictors
        self._last = predictors[-1] if config.training.predictor == "head" else predictors[len(config.layers) - 1]
        bar = ("tqdm",) if sys.stderr.isatty() else ()
        tell(*bar, "matplotlib", "tensorboardX")
        self._log = Log(folder / "tensorboard")
        self._progress = show(config.name, total, progress.presentations)

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.close()
        self._log.close()

    def interval(self, progress: Progress, tally: Tally) -> None:
        """Show how far it has come, and what was counted since the epoch began."""
        row = tally.row(self._predictors)[self._last]
        rate = f"{tally.rate:,.0f}" if tally.rate else "-"
        gated = 1 - row["updated"]
        self._progress.update(
            progress.presentations,
            f"accuracy {100 * row['accuracy']:.1f} %, loss {row['loss']:.3f}, {rate} samples/s, "
            f"gated {100 * gated:.0f} %",
        )

    def epoch(self, record: dict[str, Any]) -> None:
        """Print the accuracies after an epoch, and log everything for TensorBoard."""
        scores = ", ".join(f"{name} {100 * value:.2f} %" for name, value in record["test"].items())
        with suppress(OSError), self._progress.aside():
            print(f"epoch {record['epoch']}: test {scores}", flush=True)
        values = {f"test_accuracy/{name}": value for name, value in record["test"].items()}
        for name, counted in record["train"].items():
            values |= {f"train_{key}/{name}": value for key, value in counted.items()}
        if record["samples_per_second"]:
            values["samples_per_second"] = record["samples_per_second"]
        self._log.add(values, record["presentations"])
