"""Per-image contrast normalisation, on the host, before pixels become bits."""

import numpy as np

from bsff.errors import DataError

from .dataset import Bytes

CHUNK = 200
"""Images at a time: the 64-bit temporaries stay in the processor's cache."""


def whiten(images: Bytes) -> Bytes:
    """Give every image and channel the same mean and contrast.

    With ``m`` and ``s`` the mean and standard deviation over the pixels of one channel of one image,

        ``z = (x - m) / s``,  ``y = clip(floor(127.5 + 127.5 / 2.5 * z + 0.5), 0, 255)``

    so the mean lands on 128, and -2.5 to +2.5 standard deviations on 0 to 255. A channel without any
    contrast (s = 0) becomes 128 throughout.

    Parameters
    ----------
    images : ndarray of uint8, shape (samples, height, width, channels)
        Pixels, 0 to 255.

    Returns
    -------
    ndarray of uint8, same shape

    Raises
    ------
    DataError
        If `images` has another type or number of dimensions.

    Notes
    -----
    ``z`` is computed as ``(n x - S) / sqrt(n Q - S^2)`` from the sum S and the sum of squares Q of n
    pixels. These are whole numbers below 2^53 (up to n = 370,000), so double precision holds them
    exactly in whichever order they are summed. What is left is a root, a division, a product and a
    sum, each correctly rounded by IEEE 754: the bits are the same on every machine.
    """
    if images.dtype != np.uint8 or images.ndim != 4:
        raise DataError(
            f"whiten: images are {images.dtype} {images.shape}, expected uint8 (samples, height, width, channels)"
        )
    _, height, width, channels = images.shape
    n = height * width
    result = np.empty_like(images)
    for start in range(0, len(images), CHUNK):
        part = images[start : start + CHUNK]
        x = part.reshape(-1, n, channels).astype(np.float64)
        total = np.einsum("ipc->ic", x)[:, np.newaxis]
        squares = np.einsum("ipc,ipc->ic", x, x)[:, np.newaxis]
        spread = np.sqrt(n * squares - total * total)
        z = (n * x - total) / np.where(spread == 0, 1, spread)
        result[start : start + CHUNK] = np.clip(np.floor(128 + 51 * z), 0, 255).reshape(part.shape)
    return result
