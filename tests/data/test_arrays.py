"""Arrays to a data set: kinds of samples, scaling, names, the split, and what is refused."""

import numpy as np
import pytest
from seeds import rng_for

from bsff.data import Scaling, from_arrays, to_images
from bsff.errors import DataError

LABELS = [0, 1] * 10


@pytest.fixture
def make(seed):
    rng = rng_for("arrays", seed)
    return {
        "bytes": lambda *shape: rng.integers(0, 256, (20, *shape), np.uint8),
        "floats": lambda *shape: rng.normal(size=(20, *shape)),
    }


@pytest.mark.parametrize(
    ("kind", "sample", "map_", "rule"),
    [
        ("bytes", (5, 4), (5, 4, 1), None),
        ("bytes", (5, 4, 3), (5, 4, 3), None),
        ("bytes", (5, 4, 7), (5, 4, 7), None),
        ("bytes", (6,), (1, 6, 1), None),
        ("floats", (6,), (1, 6, 1), "quantiles"),
        ("floats", (5, 4), (5, 4, 1), "common"),
        ("floats", (1, 50, 3), (1, 50, 3), "common"),
        ("floats", (5, 4, 3), (5, 4, 3), "common"),
    ],
)
def test_kinds_of_samples(make, kind, sample, map_, rule):
    values = make[kind](*sample)
    data = from_arrays(values, LABELS, test=(values, LABELS))
    assert data.train_images.shape == (20, *map_)
    assert data.name == "own"
    assert data.classes == ("0", "1")
    assert (data.scaling and data.scaling.rule) == rule
    expected = values if rule is None else Scaling.fit(values, rule).apply(values)
    assert np.array_equal(data.train_images.reshape(values.shape), expected)
    assert np.array_equal(data.test_images, data.train_images)
    assert np.array_equal(to_images(values, map_, data.scaling), data.train_images)
    data.train_images[0] = 0
    assert kind == "floats" or values[0].any()  # the caller's array stays


def test_scaling_is_fitted_to_the_training_part_alone():
    values = np.arange(20.0).reshape(-1, 1)
    data = from_arrays(values, LABELS)
    assert (len(data.train_images), len(data.test_images)) == (16, 4)
    assert (data.train_images.min(), data.train_images.max()) == (0, 255)
    data = from_arrays(values, LABELS, test=(values * 100 - 50, LABELS), scaling="minmax")
    assert data.scaling.edges.ravel().tolist() == [0, 19]
    assert data.test_images.ravel()[:2].tolist() == [0, 255]


def test_rules_may_be_chosen():
    values = np.array([[0.0, 0], [1, 10]] * 10)
    assert from_arrays(values, LABELS, scaling="common").train_images.max(axis=(0, 1, 3)).tolist() == [26, 255]
    assert from_arrays(values, LABELS, scaling="quantiles").scaling.rule == "quantiles"
    fitted = Scaling.fit(values * 2, "minmax")
    data = from_arrays(values, LABELS, scaling=fitted)
    assert data.scaling is fitted
    assert data.train_images.max() == 128


def test_shape_lays_out_features_and_signals(make):
    values = make["floats"](12)
    data = from_arrays(values, LABELS, shape=[3, 4, 1])
    assert data.train_images.shape == (16, 3, 4, 1)
    assert data.scaling.rule == "common"  # an image
    assert from_arrays(values, LABELS, shape=[1, 12, 1]).scaling.rule == "quantiles"
    assert from_arrays(make["floats"](3, 4), LABELS, shape=(3, 4, 1)).train_images.shape == (16, 3, 4, 1)
    assert from_arrays(make["bytes"](3, 4), LABELS, shape=(1, 3, 4)).train_images.shape == (16, 1, 3, 4)


def test_labels_and_names():
    values = np.zeros((6, 2))
    data = from_arrays(values, ["b", "a", "b", "a", "b", "a"], test=(values[:1], ["b"]))
    assert data.classes == ("a", "b")
    assert data.train_labels.tolist() == [1, 0, 1, 0, 1, 0]
    assert data.test_labels.tolist() == [1]
    data = from_arrays(values, [7, 3, 7, 3, 7, 3], test=(values[:1], [3]))
    assert (data.classes, data.train_labels[0]) == (("3", "7"), 1)
    for labels in ([1, 0] * 3, ["cat", "dog"] * 3):
        data = from_arrays(values, labels, names=["dog", "cat"], test=(values[:2], labels[:2]))
        assert data.classes == ("dog", "cat")
        assert data.train_labels.tolist() == [1, 0] * 3
        assert data.test_labels.tolist() == [1, 0]
    assert (
        from_arrays(values, [7, 3] * 3, names=np.array([7, 3]), test=(values, [7] * 6)).test_labels.tolist() == [0] * 6
    )


def test_tensors_are_taken():
    class Tensor(list):
        def detach(self):
            return self

        def cpu(self):
            return np.array(self)

    data = from_arrays(Tensor([[0.5, 1], [2, 3]]), Tensor(["a", "b"]), test=(Tensor([[1, 1]]), ["a"]))
    assert data.train_images.tolist() == [[[[0], [0]]], [[[255], [255]]]]


X = np.zeros((4, 3))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"images": X[:3]}, "d: 3 samples but 4 labels; expected one label for each sample"),
        ({"images": X[:, 0]}, r"d: samples are float64 \(4,\), expected numbers of shape"),
        ({"images": X[:0], "labels": []}, r"d: samples are float64 \(0, 3\), expected numbers"),
        ({"images": X.astype(object)}, "d: samples are object"),
        ({"images": [[1, 2], [1]]}, "d: samples make no array"),
        ({"images": np.where(X == 0, np.nan, 0)}, "sample 0, feature 0: nan, expected a finite number"),
        ({"labels": ["a"] * 4}, r"d: found 1 classes \(a\), expected 2 to 256"),
        ({"names": ["a", "b", "c"]}, "d: no training sample of class c; expected at least one"),
        ({"names": ["a"]}, "d: label 1 of sample 1, expected 0 to 0 for 1 names"),
        ({"names": ["a", "a"]}, r"d: names of classes occur twice \(a, a\); expected each once"),
        ({"labels": ["a", "b"] * 2, "names": ["a", "c"]}, r"d: label b is none of the 2 classes \(a, c\)"),
        ({"test": (X, [0, 1, 2, 3])}, r"d, test: label 2, 3 is none of the 2 classes \(0, 1\); give it training"),
        ({"test": (X, [0])}, "d, test: 4 samples but 1 labels"),
        ({"test": (X[:, :2], [0] * 4)}, r"d, test: samples are float64 \(2,\), expected float64 \(3,\) as those"),
        ({"test": (X.astype(np.uint8), [0] * 4)}, "d, test: samples are uint8 .*, expected float64"),
        ({"labels": range(4)}, "d: 4 samples of 4 classes are too few to keep some for testing"),
        ({"shape": [2, 2, 1]}, r"d: samples are \[1, 3, 1\], expected \[2, 2, 1\] \(data.input\)$"),
        ({"shape": [3]}, r"d: shape = \[3\], expected \[height, width, channels\]"),
        ({"images": np.zeros((4, 3, 5, 6)), "shape": [5, 6, 3]}, r"the channels come first, use images.transpose"),
        (
            {"images": np.zeros((4, 2, 3), np.uint8), "shape": [3, 2, 1]},
            r"samples are \[2, 3, 1\], expected \[3, 2, 1\]",
        ),
        ({"scaling": "best"}, 'scaling = "best": expected one of minmax'),
        ({"scaling": Scaling.fit(np.eye(4), "minmax")}, r"samples of \(3,\), expected \(4,\)"),
    ],
)
def test_refused(arguments, text):
    with pytest.raises(DataError, match=text):
        from_arrays(**{"images": X, "labels": [0, 1] * 2, "label": "d", **arguments})


def test_later_samples_are_checked():
    with pytest.raises(DataError, match=r"samples are float64 \(3,\), expected uint8 that make \[1, 3, 1\]"):
        to_images(X, (1, 3, 1), None)
    with pytest.raises(DataError, match=r"samples are uint8 \(3,\), expected uint8 that make \[2, 2, 1\]"):
        to_images(X.astype(np.uint8), (2, 2, 1), None)
