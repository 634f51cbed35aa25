"""A split into training and test samples that never changes and keeps the shares of the classes."""

import numpy as np
from numpy.typing import NDArray

from .dataset import Bytes

PART = 5
"""Without a test set of its own, one sample in so many of a data set is for testing."""
SEED = 0


def split(labels: Bytes, test: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split samples in a seeded order, every class in proportion.

    Parameters
    ----------
    labels : ndarray of uint8
        Class of each sample.
    test : int
        Samples of the test set; each class gives its share, rounded by largest remainder. There are fewer where a
        class would lose its last training sample.
    seed : int
        Of the order.

    Returns
    -------
    train, test : ndarray of int
        Indices into `labels`, each in a seeded order.
    """
    # RandomState, not default_rng: numpy promises never to change its streams, so neither does the split.
    random = np.random.RandomState(seed)
    order = random.permutation(len(labels))
    counts = np.bincount(labels)
    share = counts * test / len(labels)
    quota = np.floor(share).astype(np.int64)
    quota[np.argsort(quota - share, kind="stable")[: test - quota.sum()]] += 1
    quota = np.minimum(quota, np.maximum(counts - 1, 0))
    chosen = np.zeros(len(labels), dtype=bool)
    for label, count in enumerate(quota):
        chosen[np.flatnonzero(labels[order] == label)[:count]] = True
    # Shuffled once more: a class whose test share fills early would otherwise crowd the start of the training set.
    return random.permutation(order[~chosen]), random.permutation(order[chosen])


def fifth(labels: Bytes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """A fifth of the samples for testing, rounded up, the rest for training; see `split`."""
    return split(labels, -(-len(labels) // PART), SEED)
