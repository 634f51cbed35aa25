"""The 8x8 digits that come with scikit-learn: no download, and small enough for a first run."""

import numpy as np
from numpy.typing import NDArray

from bsff.config import DataSet

from .dataset import Bytes, Dataset
from .lazy import require

TEST = 360
SEED = 0


def split(labels: Bytes, test: int, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split samples in a seeded order, every class in proportion.

    Parameters
    ----------
    labels : ndarray of uint8
        Class of each sample.
    test : int
        Samples of the test set; each class gives its share, rounded by largest remainder.
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
    share = np.bincount(labels, minlength=int(labels.max()) + 1) * test / len(labels)
    quota = np.floor(share).astype(np.int64)
    quota[np.argsort(quota - share, kind="stable")[: test - quota.sum()]] += 1
    chosen = np.zeros(len(labels), dtype=bool)
    for label in range(len(share)):
        chosen[np.flatnonzero(labels[order] == label)[: quota[label]]] = True
    # Shuffled once more: a class whose test share fills early would otherwise crowd the start of the training set.
    return random.permutation(order[~chosen]), random.permutation(order[chosen])


def load_digits(chosen: DataSet) -> Dataset:
    """Load the digits: 1437 for training, 360 for test, always the same ones.

    Parameters
    ----------
    chosen : DataSet
        Of the format ``sklearn digits``.

    Returns
    -------
    Dataset
        Images of shape (samples, 8, 8, 1); the 17 grey levels 0 to 16 are spread over 0 to 255.

    Raises
    ------
    DataError
        If scikit-learn is not installed.
    """
    datasets = require("sklearn.datasets", package="scikit-learn", purpose=f'data.dataset = "{chosen.name}"')
    bunch = datasets.load_digits()
    levels = bunch.images.astype(np.int64)
    images = ((levels * 255 + 8) // 16).astype(np.uint8)[..., np.newaxis]  # + 8: rounded to the nearest
    labels = bunch.target.astype(np.uint8)
    train, test = split(labels, TEST, SEED)
    return Dataset(chosen.name, chosen.title, images[train], labels[train], images[test], labels[test], chosen.classes)
