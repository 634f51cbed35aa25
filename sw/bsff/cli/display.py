"""What a training shows while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bsff.config import Config
from bsff.machine.checkpoint import Progress
from bsff.training.train import Tally


class Display:
    """Progress bar, one line an epoch, TensorBoard."""

    def __init__(
        self, config: Config, predictors: tuple[str, ...], progress: Progress, total: int, folder: Path
    ) -> None:
        from tensorboardX import SummaryWriter
        from tqdm import tqdm

        self._predictors = predictors
        self._last = predictors[-1] if config.training.predictor == "head" else predictors[len(config.layers) - 1]
        self._writer = SummaryWriter(str(folder / "tensorboard"))
        self._bar = tqdm(
            total=total,
            initial=progress.presentations,
            unit=" samples",
            desc=config.name,
            dynamic_ncols=True,
            bar_format="{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]",
        )

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()
        self._writer.close()

    def interval(self, progress: Progress, tally: Tally) -> None:
        """Move the bar; show what was counted since the last call."""
        row = tally.row(self._predictors)[self._last]
        rate = f"{tally.rate:,.0f}" if tally.rate else "-"
        gated = 1 - row["updated"]
        self._bar.set_postfix_str(
            f"accuracy {100 * row['accuracy']:.1f} %, loss {row['loss']:.3f}, {rate} samples/s, "
            f"gated {100 * gated:.0f} %",
            refresh=False,
        )
        self._bar.update(progress.presentations - self._bar.n)

    def epoch(self, record: dict[str, Any]) -> None:
        """Print the accuracies after an epoch, and log everything for TensorBoard."""
        from tqdm import tqdm

        scores = ", ".join(f"{name} {100 * value:.2f} %" for name, value in record["test"].items())
        with tqdm.external_write_mode():
            print(f"epoch {record['epoch']}: test {scores}", flush=True)
        step = record["presentations"]
        for name, value in record["test"].items():
            self._writer.add_scalar(f"test_accuracy/{name}", value, step)
        for name, values in record["train"].items():
            for key, value in values.items():
                self._writer.add_scalar(f"train_{key}/{name}", value, step)
        if record["samples_per_second"]:
            self._writer.add_scalar("samples_per_second", record["samples_per_second"], step)
