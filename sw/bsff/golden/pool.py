"""2x2 max-pool of counts; for bits an OR."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def pool(count: Ints, response: Ints) -> tuple[Ints, Ints]:
    """Pool a map, and let only the winner of each window respond.

    An odd last row or column is dropped. Ties go to the first position in raster order.

    Parameters
    ----------
    count, response : arrays of int, shape (R, H, W, C)

    Returns
    -------
    pooled : array of int, shape (R, H // 2, W // 2, C)
    response : array of int, shape (R, H, W, C)
        That of the winners, 0 elsewhere.
    """
    replicas, height, width, channels = count.shape
    h, w = height // 2, width // 2
    windows = count[:, : 2 * h, : 2 * w].reshape(replicas, h, 2, w, 2, channels).transpose(0, 1, 3, 5, 2, 4)
    windows = windows.reshape(replicas, h, w, channels, 4)
    wins = np.arange(4) == windows.argmax(-1)[..., None]
    mask = np.zeros_like(response)
    mask[:, : 2 * h, : 2 * w] = (
        wins.reshape(replicas, h, w, channels, 2, 2)
        .transpose(0, 1, 4, 2, 5, 3)
        .reshape(replicas, 2 * h, 2 * w, channels)
    )
    return windows.max(-1), response * mask


def pool_up(count: Ints) -> Ints:
    """2x2 max-pool that keeps an odd last row or column: (R, H, W, C) to (R, ceil(H/2), ceil(W/2), C)."""
    replicas, height, width, channels = count.shape
    padded = np.pad(count, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)))
    return padded.reshape(replicas, (height + 1) // 2, 2, (width + 1) // 2, 2, channels).max((2, 4))
