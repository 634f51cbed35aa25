"""The counters of a machine that learns from some samples."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.machine import Accelerator


def learnt(machine: Accelerator, images: NDArray[np.uint8], labels: NDArray[Any]) -> NDArray[np.int64]:
    """Let every layer and the head learn from samples with the steps of the configuration, and read what was counted.

    The machine's state moves on.

    Parameters
    ----------
    images : array of uint8, shape (samples, height, width, colours)
    labels : array of int, shape (samples,)

    Returns
    -------
    array of int, shape (blocks, counters)
        For `count.count`.
    """
    parts = list(machine.config.blocks.values())
    machine.clear_counters()
    machine.set_steps([part.step for part in parts])
    machine.set_learning([True] * len(parts))
    machine.present(images, labels, learn=True)
    return machine.counters()
