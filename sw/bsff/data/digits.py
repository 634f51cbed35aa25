"""The 8x8 digits of scikit-learn, of which this package has a copy: no download, and small enough for a first run."""

from pathlib import Path

import numpy as np

from bsff.config import DataSet

from .dataset import Dataset
from .stratified import fifth

COPY = Path(__file__).with_name("digits.npz")
"""Made by `make_digits`: ``levels`` uint8 (1797, 8, 8), ``labels`` uint8 (1797,), and the text ``source``."""


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
    """
    with np.load(COPY) as copy:
        levels, labels = copy["levels"].astype(np.int64), copy["labels"]
    images = ((levels * 255 + 8) // 16).astype(np.uint8)[..., np.newaxis]  # + 8: rounded to the nearest
    train, test = fifth(labels)  # 360 of the 1797
    return Dataset(chosen.name, chosen.title, images[train], labels[train], images[test], labels[test], chosen.classes)
