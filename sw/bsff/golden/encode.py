"""The input encoder: 8-bit pixels to a bit-map, on the device."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bsff.config import DataConfig
from bsff.contract.formats import DRAW_BITS, PIXEL_WIDTH

from . import lfsr


def encode(pixels: NDArray[np.uint8], data: DataConfig, stream: lfsr.State) -> tuple[NDArray[np.int64], lfsr.State]:
    """Encode a sample.

    ``threshold``: 1 where the pixel reaches the level. ``thermometer``: one such bit a level. ``bitplanes``: the most
    significant bits, from the highest. ``bernoulli``: a p-bit a pixel, 1 where the upper 8 bits of its draw are less
    than the pixel, so P(1) = pixel / 256; draws in the order row, column, colour.

    Parameters
    ----------
    pixels : array of uint8, shape (..., H, W, C)
        Leading axes are samples; with ``bernoulli`` each has a generator of its own.
    stream : array of uint64, shape (...)
        State of the encoder's generator; it moves with ``bernoulli`` only.

    Returns
    -------
    bits : array of int, shape (..., H, W, C * planes), values 0 and 1
        The planes of a colour stand side by side.
    stream : array of uint64, shape (...)
    """
    value = pixels.astype(np.int64)[..., None]
    if data.encoding == "bernoulli":
        count = int(np.prod(pixels.shape[-3:]))
        stream, words = lfsr.advance(stream, lfsr.steps_for(count))
        draws = lfsr.slices(words)[..., :count].reshape(value.shape)
        bits = (draws >> (DRAW_BITS - PIXEL_WIDTH)) < value
    elif data.encoding == "bitplanes":
        bits = (value >> (PIXEL_WIDTH - 1 - np.arange(data.planes))) & 1 == 1
    else:
        bits = value >= np.array(data.levels, np.int64)
    return bits.reshape(*pixels.shape[:-1], -1).astype(np.int64), stream
