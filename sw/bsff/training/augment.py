"""Shifted and mirrored samples: what the host changes in an image before it presents it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config

TAG = 0xA096
"""Separates these random numbers from all others."""


class Augmentation:
    """The changes of an epoch; they depend on seed and epoch alone, so that a run that goes on makes the same.

    Parameters
    ----------
    config : Config
        Its keys ``training.shift`` and ``training.flip``.
    epoch, samples : int
        Number of the epoch, and of the training samples.
    """

    def __init__(self, config: Config, epoch: int, samples: int) -> None:
        shift, flip = config.training.shift, config.training.flip
        rng = np.random.default_rng([TAG, config.training.seed, epoch])
        self._moves = rng.integers(-shift, shift + 1, (samples, 2)) if shift else None
        self._mirrored = rng.integers(2, size=samples).astype(bool) if flip else None

    def apply(self, images: NDArray[Any], chosen: NDArray[np.int64]) -> NDArray[Any]:
        """The chosen samples, shape (n, H, W, C), each moved and mirrored; what comes in at an edge repeats the edge."""
        found = images[chosen]
        if self._mirrored is not None:
            mirrored = self._mirrored[chosen]
            found[mirrored] = found[mirrored, :, ::-1]
        if self._moves is not None:
            _, height, width, _ = found.shape
            down, right = self._moves[chosen].T
            rows = np.clip(np.arange(height) - down[:, None], 0, height - 1)
            columns = np.clip(np.arange(width) - right[:, None], 0, width - 1)
            found = found[np.arange(len(found))[:, None, None], rows[:, :, None], columns[:, None, :]]
        return found
