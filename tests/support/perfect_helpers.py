"""What the test of the replaced generator does in a fresh process; the engine must not be imported with this module."""

import numpy as np

from bsff.config import load, override
from bsff.data import load_dataset
from bsff.studies.sweep import Cell
from bsff.studies.sweep.cell import Options

CELL = Cell(
    Options("digits"),
    override(load("digits"), ["training.epochs=4", "data.train_samples=400", "training.test_draws=2"]),
)


def draw_bits() -> tuple[list[int], list[list[int]]]:
    """State after one sample, and its bits, of the replaced encoder."""
    from bsff.golden.engine.encoder import draw_bytes

    stream, drawn = np.zeros(1, np.uint64), np.empty((1, 8), np.uint8)
    draw_bytes(stream, drawn)
    return [int(s) for s in stream], (drawn < 128).astype(int).tolist()


def accuracies() -> dict[str, object]:
    from bsff.studies.sweep.machine import measure

    return measure(CELL, load_dataset(CELL.config.data))
