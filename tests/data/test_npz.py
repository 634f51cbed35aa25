"""Own data in an ``.npz`` of numpy."""

import numpy as np
import pytest

from bsff.config import DataConfig
from bsff.data import load_dataset
from bsff.errors import DataError

IMAGES = np.random.default_rng(3).integers(0, 256, (20, 4, 5), np.uint8)
LABELS = np.arange(20) % 2


def load(path, **keys):
    return load_dataset(DataConfig(dataset="own", path=str(path), **keys))


@pytest.mark.parametrize("names", [("images", "labels"), ("X", "y"), ("x", "Y"), ("train_images", "train_labels")])
def test_one_pair_is_split(tmp_path, names):
    np.savez(tmp_path / "d.npz", **dict(zip(names, (IMAGES, LABELS), strict=True)))
    data = load(tmp_path / "d.npz")
    assert (data.name, data.label, data.classes) == ("own", "d.npz", ("0", "1"))
    assert data.train_images.shape == (16, 4, 5, 1)
    assert np.bincount(data.test_labels).tolist() == [2, 2]
    found = {image.tobytes(): label for image, label in zip(IMAGES, LABELS, strict=True)}
    for images, labels in ((data.train_images, data.train_labels), (data.test_images, data.test_labels)):
        assert [found.pop(image.tobytes()) for image in images] == labels.tolist()
    assert found == {}


@pytest.mark.parametrize(
    "names",
    [("train_images", "train_labels", "test_images", "test_labels"), ("x_train", "y_train", "x_test", "y_test")],
)
def test_two_pairs_are_kept(tmp_path, names):
    arrays = (IMAGES[:15], LABELS[:15, np.newaxis], IMAGES[15:], LABELS[15:])
    np.savez_compressed(tmp_path / "d.npz", **dict(zip(names, arrays, strict=True)))
    data = load(tmp_path / "d.npz", train_samples=7)
    assert np.array_equal(data.train_images[..., 0], IMAGES[:7])
    assert np.array_equal(data.test_images[..., 0], IMAGES[15:])
    assert data.test_labels.tolist() == LABELS[15:].tolist()


def test_names_features_and_signals(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, X=np.linspace(0, 1, 60).reshape(20, 3), y=LABELS, names=["good", "bad"])
    data = load(path, classes=2, input=(1, 3, 1))
    assert data.classes == ("good", "bad")
    assert data.scaling.rule == "quantiles"
    np.savez(path, X=np.linspace(0, 1, 120).reshape(20, 3, 2), y=np.array(["b", "a"])[LABELS])
    data = load(path)
    assert data.train_images.shape == (16, 3, 2, 1)
    assert (data.classes, data.scaling.rule) == (("a", "b"), "common")
    assert load(path, input=(1, 3, 2)).train_images.shape == (16, 1, 3, 2)


@pytest.mark.parametrize(
    ("arrays", "text"),
    [
        ({"images": IMAGES}, r"arrays are images, expected images and labels \(or X and y\), or train_images"),
        ({}, "arrays are none, expected"),
        ({"images": IMAGES, "labels": LABELS * 2}, "labels 0 to 2 with gaps: no training sample has the label 1;"),
        ({"images": IMAGES, "labels": LABELS, "names": ["a", "b", "c"]}, "no training sample of class c"),
        ({"images": IMAGES, "labels": LABELS[:9]}, "20 samples but 9 labels"),
        ({"images": IMAGES, "labels": LABELS.astype(object)}, "holds Python objects, expected arrays of numbers"),
        ({"X": IMAGES, "y": LABELS, "X_test": IMAGES, "y_test": LABELS + 1}, "d.npz, test: label 2 is none of the 2"),
        ({"X": np.full((20, 2), np.nan), "y": LABELS}, "sample 0, feature 0: nan, expected"),
    ],
)
def test_refused(tmp_path, arrays, text):
    np.savez(tmp_path / "d.npz", **arrays)
    with pytest.raises(DataError, match=text):
        load(tmp_path / "d.npz")


@pytest.mark.parametrize(
    "damage", [lambda b: b"", lambda b: b[:200], lambda b: b"no zip" * 9, lambda b: b[:90] + b"!!" + b[92:]]
)
def test_damaged(tmp_path, damage):
    path = tmp_path / "d.npz"
    np.savez(path, images=IMAGES, labels=LABELS)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=r"d.npz: damaged \(.*write it again with numpy.savez"):
        load(path)


def test_a_single_array(tmp_path):
    with (tmp_path / "d.npz").open("wb") as file:
        np.save(file, IMAGES)
    with pytest.raises(DataError, match=r"a single array, expected an \.npz"):
        load(tmp_path / "d.npz")
