"""The training loop: presents samples to a machine, lowers the step sizes, tests, records and saves."""

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config
from bsff.config.schedule import share, spans
from bsff.contract.formats import COUNTERS, LOGIT_BITS
from bsff.machine import Accelerator
from bsff.machine.checkpoint import Progress

from .augment import Augmentation
from .evaluate import Evaluation, evaluate

ORDER_TAG = 0x0DE5
SAVE_SECONDS = 120.0
"""A checkpoint is written at every epoch's end and at least this often."""
_LOSS_UNIT = math.log(2) / 2**LOGIT_BITS
"""The counter's unit of cross-entropy, in nats."""


def order(config: Config, epoch: int, samples: int) -> NDArray[np.int64]:
    """The order in which an epoch presents its samples: a permutation that depends on seed and epoch alone."""
    return np.random.default_rng([ORDER_TAG, config.training.seed, epoch]).permutation(samples)


@dataclass
class Tally:
    """Counters and time of an epoch, summed over its intervals."""

    counters: list[list[int]]
    """One row a block, columns as `golden.results.COUNTERS`."""
    seconds: float = 0.0
    """Time spent in presenting."""
    timed: int = 0
    """Presentations that `seconds` covers; the first interval after a start is left out, since it compiles."""

    def row(self, predictors: tuple[str, ...]) -> dict[str, dict[str, float]]:
        """Accuracy, loss (nats), share of samples learnt from, active taps a sample; by predictor."""
        table = {}
        for name, values in zip(predictors, self.counters, strict=True):
            counter = dict(zip(COUNTERS, values, strict=True))
            count = max(counter["samples"], 1)
            table[name] = {
                "accuracy": counter["correct"] / count,
                "loss": counter["loss"] * _LOSS_UNIT / count,
                "updated": counter["updates"] / count,
                "taps": counter["taps"] / count,
                "saturations": counter["saturations"] / count,
            }
        return table

    @property
    def rate(self) -> float | None:
        """Samples per second."""
        return self.timed / self.seconds if self.seconds > 0 else None


@dataclass
class Hooks:
    """What a caller wants to be told."""

    interval: Callable[[Progress, Tally], None] = lambda progress, tally: None
    """Called with (`Progress`, `Tally` of the epoch so far) after every interval."""
    epoch: Callable[[dict[str, Any]], None] = lambda record: None
    """Called with the epoch's record."""
    save: Callable[[Progress], None] = lambda progress: None
    """Called with `Progress` when a checkpoint is due."""
    stop: Callable[[], bool] = lambda: False
    """Asked after every interval; True ends the run there."""


def train(
    machine: Accelerator,
    config: Config,
    data: Any,
    progress: Progress,
    *,
    limit: int | None = None,
    hooks: Hooks | None = None,
) -> None:
    """Train from where `progress` says until the configured epochs are over.

    Stopped after any number of presentations and started again from the state saved then, the run ends with the
    same bits as one that was not stopped.

    Parameters
    ----------
    machine : Accelerator
        With the state loaded that belongs to `progress`.
    data : Dataset
        Or anything with its four arrays; without test samples the records of epochs have no accuracies.
    progress : Progress
        Changed in place.
    limit : int, optional
        Stop after that many presentations in all.
    """
    hooks = hooks or Hooks()
    samples = len(data.train_labels)
    total = config.training.epochs * samples
    end = total if limit is None else min(limit, total)
    predictors = machine.geometry.predictors
    tally = Tally(**progress.partial) if progress.partial else Tally([[0] * len(COUNTERS) for _ in predictors])
    saved = time.monotonic()
    first = True
    indices: NDArray[np.int64] | None = None
    machine.clear_counters()
    before = machine.counters()
    while progress.presentations < end:
        epoch, place = divmod(progress.presentations, samples)
        if place == 0 or indices is None:
            indices = order(config, epoch, samples)
            augmentation = Augmentation(config, epoch, samples)
        place_of_step = place - place % config.training.interval
        _set_schedule(machine, config, epoch, place_of_step / samples)
        count = min(place_of_step + config.training.interval, samples) - place
        count = min(count, end - progress.presentations)
        chosen = indices[place : place + count]
        started = time.perf_counter()
        machine.present(augmentation.apply(data.train_images, chosen), data.train_labels[chosen], learn=True)
        if not first:
            tally.seconds += time.perf_counter() - started
            tally.timed += count
        first = False
        after = machine.counters()
        change = (after - before)[:, : len(COUNTERS)]
        tally.counters = (np.array(tally.counters, np.int64) + change).tolist()
        before = after
        progress.presentations += count
        progress.partial = dataclasses.asdict(tally)
        hooks.interval(progress, tally)
        if place + count == samples:
            hooks.epoch(_end_epoch(machine, config, data, progress, tally))
            tally = Tally([[0] * len(COUNTERS) for _ in predictors])
            before = machine.counters()  # the test moved them
            hooks.save(progress)
            saved = time.monotonic()
        elif time.monotonic() - saved > SAVE_SECONDS:
            hooks.save(progress)
            saved = time.monotonic()
        if hooks.stop():
            break
    hooks.save(progress)


def _set_schedule(machine: Accelerator, config: Config, epoch: int, place: float) -> None:
    learning = spans(config)
    shares = [share(config.training.schedule, learning[name], epoch + place) for name in learning]
    machine.set_steps([part.step * each for part, each in zip(config.blocks.values(), shares, strict=True)])
    machine.set_learning([span.learns(epoch) for span in learning.values()])


def _end_epoch(machine: Accelerator, config: Config, data: Any, progress: Progress, tally: Tally) -> dict[str, Any]:
    epoch = len(progress.epochs)
    accuracies = {}
    if len(data.test_labels):
        test = evaluate(machine, data.test_images, data.test_labels, draws=1, seed=config.training.seed, epoch=epoch)
        accuracies = test.accuracies()
    record = {
        "epoch": epoch + 1,
        "presentations": progress.presentations,
        "train": tally.row(machine.geometry.predictors),
        "test": accuracies,
        "samples_per_second": tally.rate,
        "timed_samples": tally.timed,
    }
    progress.epochs.append(record)
    progress.partial = {}
    return record


def final_metrics(config: Config, test: Evaluation, progress: Progress) -> dict[str, Any]:
    """The ``final`` part of ``metrics.json``."""
    accuracies = test.accuracies()
    layers = [accuracies[name] for name in test.predictors if name != "head"]
    chosen = "head" if config.training.predictor == "head" else test.predictors[len(layers) - 1]
    timed = sum(e["timed_samples"] for e in progress.epochs) + progress.partial.get("timed", 0)
    seconds = sum(e["timed_samples"] / e["samples_per_second"] for e in progress.epochs if e["samples_per_second"])
    seconds += progress.partial.get("seconds", 0.0)
    return {
        "predictor": chosen,
        "test_accuracy": accuracies[chosen],
        "test_accuracy_goodness": layers[-1],
        "test_accuracy_head": accuracies.get("head"),
        "test_accuracy_layers": layers,
        "test_samples": len(test.labels),
        "test_draws": config.training.test_draws,
        "presentations": progress.presentations,
        "samples_per_second": timed / seconds if seconds else None,
        "confusion": test.confusion(chosen).tolist(),
    }
