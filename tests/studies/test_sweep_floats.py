"""Options of a sweep reach the float reference."""

from __future__ import annotations

import pytest
import torch

from bsff.config import load, override
from bsff.data import load_dataset
from bsff.studies.sweep import Cell, floats
from bsff.studies.sweep.cell import Options


@pytest.mark.parametrize(
    ("variant", "chosen", "planes"),
    [("real", "usual", 1), ("real", "bits", 2), ("bsff", "usual", 2), ("bsff", "pixels", 1)],
)
def test_what_the_first_layer_reads(variant: str, chosen: str, planes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pixels are one plane of digits, two thresholds are two."""
    config = override(load("digits-small"), ["data.encoding=thermometer", "data.levels=[64,160]", "data.train_samples=50",
                                             "data.test_samples=20", "training.epochs=1"])  # fmt: skip
    seen = []
    fit = floats.fit

    def spy(*arguments, **options):
        network, history = fit(*arguments, **options)
        seen.append(network.layers[0].taps.in_channels)
        return network, history

    monkeypatch.setattr(floats, "fit", spy)
    floats.measure(Cell(Options("digits-small", variant=variant, input=chosen), config), load_dataset(config.data))
    assert seen == [planes]


@pytest.mark.parametrize(
    "device",
    ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU"))],
)
def test_the_same_seed_gives_the_same_row(device: str) -> None:
    config = override(
        load("digits-small"), ["layer.tile=3", "data.train_samples=200", "data.test_samples=100", "training.epochs=2"]
    )
    cell, data = Cell(Options("digits-small", variant="bsff"), config), load_dataset(config.data)
    first, again = (floats.measure(cell, data, device) for _ in range(2))
    for measured in (first, again):
        del measured["samples_per_second"]
    assert first == again
    other = override(config, ["training.seed=1"])
    assert floats.measure(Cell(cell.options, other), data, device)["firing"] != first["firing"]
