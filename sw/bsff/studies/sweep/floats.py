"""The float reference as a cell of a sweep."""

from pathlib import Path

import torch

from bsff.data import Dataset
from bsff.reference import Rule, evaluate, fit
from bsff.reference.operations import operations

from .cell import Cell

SHOWN = 500
"""Test samples over which operations are averaged."""


def measure(cell: Cell, data: Dataset, device: str = "cpu", keep: Path | None = None) -> dict[str, object]:
    """Train and test the reference on one thread, so that its numbers do not depend on how work is split.

    Parameters
    ----------
    device : {"cpu", "cuda"}
        Each draws other random numbers from the same seed; on either the same seed gives the same numbers again.
    keep : Path, optional
        Checkpoint of the training, see `fit`.

    Returns
    -------
    dict
        Accuracies by every predictor, operations per training sample (`operations`), training samples/s.
    """
    torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = False  # float32 as on a CPU, not 10 bits of mantissa
    torch.backends.cudnn.deterministic = True
    config, options = cell.config, cell.options
    shared = {name: getattr(options, name) for name in ("optimiser", "learning_rate", "quantise", "gated")}
    rule = Rule(**shared, loss_before_norm=options.loss == "before")
    network, epochs = fit(
        config,
        data.train_images,
        data.train_labels,
        data.test_images[:0],
        data.test_labels[:0],
        variant="real" if options.variant == "real" else "bsff",
        batch_size=options.batch_size,
        real_input={"usual": None, "pixels": True, "bits": False}[options.input],
        rule=rule,
        device=device,
        keep=keep,
    )
    seconds = sum(epoch.seconds for epoch in epochs)
    seed, draws = config.training.seed, 1 if options.variant == "real" else config.training.test_draws
    test = evaluate(network, data.test_images, data.test_labels, draws=draws, seed=seed)
    once = test if draws == 1 else evaluate(network, data.test_images, data.test_labels, draws=1, seed=seed)
    head = config.training.predictor == "head"
    presentations = config.training.epochs * len(data.train_labels)
    measured: dict[str, object] = {
        "accuracy": test.head if head else test.goodness,
        "accuracy_head": test.head,
        "accuracy_goodness": test.goodness,
        "accuracy_one_draw": once.head if head else once.goodness,
    }
    for i, accuracy in enumerate(test.layers, 1):
        measured[f"accuracy_layer{i}"] = accuracy
    measured |= operations(network, data.test_images[:SHOWN], seed=seed)
    measured["presentations"] = presentations
    measured["samples_per_second"] = round(presentations / seconds)
    return measured
