"""The input encoder: 8-bit pixels to a bit-map, on the device."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import ENCODINGS, DataConfig
from bsff.contract.formats import DRAW_BITS, PIXEL_WIDTH

from . import lfsr


def bit_map(pixels: NDArray[np.uint8], data: DataConfig, drawn: NDArray[Any] | None) -> NDArray[np.uint8]:
    """The bits of samples, once the random bytes are drawn.

    Parameters
    ----------
    pixels : array of uint8, shape (..., H, W, C)
    drawn : array of int, shape (..., H, W, C), values 0..255, or None
        For an encoding that is random.

    Returns
    -------
    array of uint8, shape (..., H, W, C * planes), values 0 and 1
        The planes of a colour stand side by side.
    """
    planes = ENCODINGS[data.encoding].bits(pixels, data, drawn)
    return np.stack(planes, axis=-1).reshape(*pixels.shape[:-1], -1).astype(np.uint8)


def encode(pixels: NDArray[np.uint8], data: DataConfig, stream: lfsr.State) -> tuple[NDArray[np.int64], lfsr.State]:
    """Encode a sample as `bsff.config.ENCODINGS` says; the random bytes are the upper 8 bits of draws.

    Parameters
    ----------
    pixels : array of uint8, shape (..., H, W, C)
        Leading axes are samples; with a random encoding each has a generator of its own.
    stream : array of uint64, shape (...)
        State of the encoder's generator; it moves only if the encoding is random.

    Returns
    -------
    bits : array of int, shape (..., H, W, C * planes), values 0 and 1
        See `bit_map`.
    stream : array of uint64, shape (...)
    """
    drawn = None
    if ENCODINGS[data.encoding].random:
        count = int(np.prod(pixels.shape[-3:]))
        stream, words = lfsr.advance(stream, lfsr.steps_for(count))
        drawn = (lfsr.slices(words)[..., :count] >> (DRAW_BITS - PIXEL_WIDTH)).reshape(pixels.shape)
    return bit_map(pixels, data, drawn).astype(np.int64), stream
