"""Arrays once loaded: whitening, and the checks of a data set."""

import numpy as np
import pytest

from bsff.data import Dataset
from bsff.data.whiten import whiten
from bsff.errors import DataError


def test_whiten():
    x = np.random.default_rng(1).integers(0, 256, (410, 5, 6, 3), np.uint8)
    z = (x - x.mean(axis=(1, 2), keepdims=True)) / x.std(axis=(1, 2), keepdims=True)
    y = whiten(x)
    assert y.dtype == np.uint8
    assert np.abs(y - np.clip(127.5 + 51 * z, 0, 255)).max() <= 0.5 + 1e-9
    assert np.array_equal(whiten(x[7:8]), y[7:8])
    flat = np.full((1, 4, 4, 1), 200, np.uint8)
    assert (whiten(flat) == 128).all()
    flat[0, 0, 0, 0] = 255  # z = sqrt(15), beyond the range; the rest at -1/sqrt(15)
    assert sorted(set(whiten(flat).ravel().tolist())) == [114, 255]
    with pytest.raises(DataError, match=r"whiten: images are float64 \(2, 2\), expected uint8"):
        whiten(np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"classes": ("a",)}, "found 1 classes (a), expected 2 to 256"),
        (
            {"classes": tuple(map(str, range(257)))},
            "found 257 classes (0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 247 more), exp",
        ),
        ({"train_images": np.zeros((4, 2, 2, 0), np.uint8)}, "X, train: images are uint8 (4, 2, 2, 0), expected uint8"),
        ({"train_images": np.zeros((4, 2, 2, 1))}, "X, train: images are float64"),
        ({"test_images": np.zeros((0, 2, 2, 1), np.uint8)}, "X, test: images are uint8 (0, 2, 2, 1)"),
        ({"test_labels": np.zeros(4, np.int64)}, "X, test: labels are int64 (4,), expected uint8 (samples,)"),
        ({"test_labels": np.zeros(3, np.uint8)}, "X, test: 4 images but 3 labels"),
        ({"test_labels": np.array([0, 1, 12, 0], np.uint8)}, "X, test: label 12 of sample 2, expected 0 to 9"),
        ({"test_images": np.zeros((4, 3, 2, 1), np.uint8)}, "training images are (2, 2, 1), test images (3, 2, 1)"),
    ],
)
def test_dataset_checks(changes, text):
    pixels, labels = np.zeros((4, 2, 2, 1), np.uint8), np.zeros(4, np.uint8)
    fields = {
        "name": "x",
        "label": "X",
        "train_images": pixels,
        "train_labels": labels,
        "test_images": pixels,
        "test_labels": labels,
        "classes": tuple("0123456789"),
    }
    Dataset(**fields)
    with pytest.raises(DataError) as error:
        Dataset(**{**fields, **changes})
    assert text in str(error.value)
