"""The golden model as a cell of a sweep."""

import dataclasses
from pathlib import Path

from bsff.data import Dataset
from bsff.instruments.energy import count, learnt
from bsff.machine import Accelerator, checkpoint
from bsff.machine.checkpoint import Progress
from bsff.machine.devices.emulated import EmulatedDevice
from bsff.machine.initialise import initialise
from bsff.training.evaluate import evaluate
from bsff.training.train import Hooks, final_metrics, train

from .cell import Cell

COUNTED = 200
"""Training samples whose operations are counted for the estimate of the energy."""


def measure(cell: Cell, data: Dataset, keep: Path | None = None) -> dict[str, object]:
    """Train and test the machine.

    Parameters
    ----------
    keep : Path, optional
        A checkpoint is written there at least every `train.SAVE_SECONDS`; if it exists, the training goes on from it.

    Returns
    -------
    dict
        Accuracies by every predictor with all draws; with one draw; by the sum of the last two predictors' logits, which a
        host can form (``accuracy_sum``); per training sample of the last epoch and layer, rows read
        (``taps``), and the share of samples learnt from (``updated``); additions (`additions`), training samples/s; and of a
        sample from which all layers learn, at the end of the training, the estimated energy by counted operations (``energy``, nJ).
    """
    config = cell.config
    progress, state = Progress(), None
    if keep is not None and keep.exists():
        state, progress = checkpoint.load(keep, config)
    with Accelerator(EmulatedDevice(config, threads=1), config) as machine:
        machine.load(initialise(config, machine.geometry, data.train_images) if state is None else state)
        # the loop tests after every epoch, which leaves no trace in the machine and would only cost time
        few = dataclasses.replace(data, test_images=data.test_images[:1], test_labels=data.test_labels[:1])
        hooks = (
            Hooks() if keep is None else Hooks(save=lambda at: checkpoint.save(keep, config, machine.read_state(), at))
        )
        train(machine, config, few, progress, hooks=hooks)
        place = {"seed": config.training.seed, "epoch": config.training.epochs}
        test, once = (
            evaluate(machine, data.test_images, data.test_labels, draws=draws, **place)
            for draws in (config.training.test_draws, 1)
        )
        final = final_metrics(config, test, progress)
        last = progress.epochs[-1]
        measured: dict[str, object] = {
            "accuracy": final["test_accuracy"],
            "accuracy_head": final["test_accuracy_head"],
            "accuracy_goodness": final["test_accuracy_goodness"],
            "accuracy_one_draw": once.accuracy(final["predictor"]),
            "accuracy_sum": float((test.logits[:, -2:].sum(1).argmax(-1) == test.labels).mean()),
        }
        for i, accuracy in enumerate(final["test_accuracy_layers"], 1):
            measured[f"accuracy_layer{i}"] = accuracy
        total = 0.0
        widths = [layer.group_channels for layer in machine.geometry.layers] + [
            machine.geometry.classes
        ] * config.head.enabled
        for name, width in zip(machine.geometry.predictors, widths, strict=True):
            row = last["train"][name]
            measured[f"taps_{name}"] = round(row["taps"], 1)
            measured[f"updated_{name}"] = round(row["updated"], 4)
            # an update adds one row of responses an active tap, as the forward pass adds one row of weights
            total += row["taps"] * width * (1 + row["updated"])
        measured["additions"] = round(total)
        measured["presentations"] = progress.presentations
        measured["samples_per_second"] = round(final["samples_per_second"] or 0)
        few_images, few_labels = data.train_images[:COUNTED], data.train_labels[:COUNTED]
        counted = count(machine.geometry, learnt(machine, few_images, few_labels), "bgbsff")
        measured["energy"] = round(counted.picojoules / 1000, 3)
    return measured
