"""2x2 max-pool of counts; for bits an OR."""

import numpy as np

from .arrays import Ints


def pool(count: Ints, response: Ints) -> tuple[Ints, Ints]:
    """Pool a map, and let only the winner of each window respond.

    An odd last row or column is dropped. Ties go to the first position in raster order.

    Parameters
    ----------
    count, response : arrays of int, shape (..., H, W, C)

    Returns
    -------
    pooled : array of int, shape (..., H // 2, W // 2, C)
    response : array of int, shape (..., H, W, C)
        That of the winners, 0 elsewhere.
    """
    *lead, height, width, channels = count.shape
    h, w = height // 2, width // 2
    windows = count[..., : 2 * h, : 2 * w, :].reshape(*lead, h, 2, w, 2, channels).swapaxes(-4, -3)
    windows = windows.reshape(*lead, h, w, 4, channels)
    wins = np.arange(4)[:, None] == windows.argmax(-2)[..., None, :]
    mask = np.zeros_like(response)
    mask[..., : 2 * h, : 2 * w, :] = (
        wins.reshape(*lead, h, w, 2, 2, channels).swapaxes(-4, -3).reshape(*lead, 2 * h, 2 * w, channels)
    )
    return windows.max(-2), response * mask


def pool_up(count: Ints) -> Ints:
    """2x2 max-pool that keeps an odd last row or column: (..., H, W, C) to (..., ceil(H/2), ceil(W/2), C)."""
    *lead, height, width, channels = count.shape
    padded = np.pad(count, [(0, 0)] * len(lead) + [(0, height % 2), (0, width % 2), (0, 0)])
    return padded.reshape(*lead, (height + 1) // 2, 2, (width + 1) // 2, 2, channels).max((-4, -2))
