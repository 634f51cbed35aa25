"""The 8x8 digits that come with scikit-learn: no download, and small enough for a first run."""

import numpy as np

from bsff.config import DataSet

from .dataset import Dataset
from .lazy import require
from .stratified import fifth


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
    train, test = fifth(labels)  # 360 of the 1797
    return Dataset(chosen.name, chosen.title, images[train], labels[train], images[test], labels[test], chosen.classes)
