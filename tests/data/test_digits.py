"""The data set that needs no files."""

import hashlib

import numpy as np

from bsff.config import DataConfig
from bsff.data import load_dataset


def test_digits():
    data = load_dataset(DataConfig())
    assert data.train_images.shape == (1437, 8, 8, 1)
    assert data.test_images.shape == (360, 8, 8, 1)
    assert set(np.unique(data.train_images)) == {(v * 255 + 8) // 16 for v in range(17)}
    share = np.bincount(data.test_labels) / (np.bincount(data.test_labels) + np.bincount(data.train_labels))
    assert np.abs(share - 360 / 1797).max() < 0.004
    # Results are only comparable while the split never changes.
    content = data.test_images.tobytes() + data.test_labels.tobytes()
    assert hashlib.md5(content).hexdigest() == "511ac067c154ca2bdccdbd04b7a1d652"
    assert np.bincount(data.train_labels[:200]).min() >= 10  # no class crowds the start
