"""2x2 max-pool of counts, 1x2 on a map of one row; for bits an OR."""

import numpy as np

from bsff.contract.geometry import Sides

from .arrays import Ints


def pool(count: Ints, response: Ints, window: Sides) -> tuple[Ints, Ints]:
    """Pool a map, and let only the winner of each window respond.

    An odd last row or column is dropped. Ties go to the first position in raster order.

    Parameters
    ----------
    count, response : arrays of int, shape (..., H, W, C)
    window : tuple of int
        Its height and width.

    Returns
    -------
    pooled : array of int, shape (..., H // height, W // width, C)
    response : array of int, shape (..., H, W, C)
        That of the winners, 0 elsewhere.
    """
    *lead, height, width, channels = count.shape
    high, wide = window
    h, w = height // high, width // wide
    inside = (..., slice(high * h), slice(wide * w), slice(None))
    windows = count[inside].reshape(*lead, h, high, w, wide, channels).swapaxes(-4, -3)
    windows = windows.reshape(*lead, h, w, high * wide, channels)
    wins = np.arange(high * wide)[:, None] == windows.argmax(-2)[..., None, :]
    mask = np.zeros_like(response)
    mask[inside] = wins.reshape(*lead, h, w, high, wide, channels).swapaxes(-4, -3).reshape(mask[inside].shape)
    return windows.max(-2), response * mask


def pool_up(count: Ints, side: int, pooling: str) -> Ints:
    """Pool in front of the head, which keeps odd edges: (..., H, W, C) to (..., ceil(H/side), ceil(W/side), C).

    Parameters
    ----------
    side : int
        Of the square windows.
    pooling : {"max", "sum"}
        The largest count of a window, or the sum of its counts.
    """
    if side == 1:
        return count
    *lead, height, width, channels = count.shape
    padded = np.pad(count, [(0, 0)] * len(lead) + [(0, -height % side), (0, -width % side), (0, 0)])
    h, w = padded.shape[-3] // side, padded.shape[-2] // side
    windows = padded.reshape(*lead, h, side, w, side, channels)
    return windows.max((-4, -2)) if pooling == "max" else windows.sum((-4, -2), dtype=count.dtype)
