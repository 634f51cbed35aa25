"""The data set that needs no files of the user's."""

import hashlib

import numpy as np
from sklearn import datasets

from bsff.config import DataConfig
from bsff.data import load_dataset, make_digits
from bsff.data.digits import COPY


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


def test_the_copy_is_scikit_learns(tmp_path):
    original = datasets.load_digits()
    make_digits.write(tmp_path / "digits.npz")
    for path in (COPY, tmp_path / "digits.npz"):
        with np.load(path) as copy:
            for name, values in (("levels", original.images), ("labels", original.target)):
                assert copy[name].dtype == np.uint8
                np.testing.assert_array_equal(copy[name].astype(values.dtype), values)
            assert "CC BY 4.0" in str(copy["source"])
