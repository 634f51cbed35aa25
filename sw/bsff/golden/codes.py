"""Class codes: which classes a channel works for, with its goodness and with what it learns."""

import functools

import numpy as np

from .arrays import Ints


@functools.cache
def classes(code: str, channels: int, count: int) -> Ints:
    """The classes of every channel.

    Parameters
    ----------
    code : {"groups", "pairs"}
        ``groups``: channel j of C works for class ``j // (C / K)``. ``pairs``: for the classes ``j % K`` and
        ``(j + 1 + (j // K) % (K - 1)) % K``, so that K channels have every class twice, and ``K (K - 1)`` channels every
        ordered pair once.
    channels : int
    count : int
        K, classes.

    Returns
    -------
    array of int, shape (C, 1 or 2)
    """
    j = np.arange(channels)
    if code == "groups":
        found = (j // (channels // count))[:, None]
    else:
        found = np.stack([j % count, (j + 1 + j // count % (count - 1)) % count], -1)
    found.flags.writeable = False
    return found


@functools.cache
def matrix(code: str, channels: int, count: int) -> Ints:
    """1 where a channel works for a class: shape (C, classes). Arguments as in `classes`."""
    found = np.zeros((channels, count), np.int64)
    np.put_along_axis(found, classes(code, channels, count), 1, -1)
    found.flags.writeable = False
    return found
