"""The fixed split, every class in proportion."""

import numpy as np
import pytest

from bsff.data.stratified import fifth, split


def test_split():
    labels = np.repeat(np.arange(10), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]).astype(np.uint8)
    train, test = split(labels, 360, 0)
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(1797))
    assert len(test) == 360
    assert np.array_equal(split(labels, 360, 0)[1], test)
    assert not np.array_equal(split(labels, 360, 1)[1], test)


def test_a_fifth_is_for_testing():
    labels = np.repeat(np.arange(3), [50, 30, 20]).astype(np.uint8)
    train, test = fifth(labels)
    assert np.bincount(labels[test]).tolist() == [10, 6, 4]
    assert np.bincount(labels[train]).tolist() == [40, 24, 16]
    assert test[:6].tolist() == [7, 55, 93, 33, 26, 75]  # never changes


@pytest.mark.parametrize("counts", [[1, 1, 1, 1, 1], [1, 9, 2], [2, 2]])
def test_no_class_loses_its_last_training_sample(counts):
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.uint8)
    train, test = fifth(labels)
    assert set(labels[train]) == set(labels)
    assert sorted([*train, *test]) == list(range(len(labels)))
