"""Labels of any kind: their classes, their order, and each that is refused with its name."""

import numpy as np
import pytest

from bsff.data.labels import counted, distinct, encode, plain, require_all
from bsff.errors import DataError


def test_plain_values():
    assert plain(np.array([1, 2], np.int8), "x") == [1, 2]
    assert plain(np.array([[1], [2]]), "x") == [1, 2]
    assert plain([1.0, np.float32(2), 2.5, b"a", np.str_("b"), True], "x") == [1, 2, 2.5, "a", "b", True]
    assert [type(v) for v in plain(np.array([1.0, 2.5]), "x")] == [int, float]


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (np.eye(3), r"x: label of sample 0 has shape \(3,\), expected one label .*argmax"),
        (["a", None], r"x: label of sample 1 is missing \(None\)"),
        ([1.0, float("nan")], r"x: label of sample 1 is missing \(nan\)"),
        (["a", []], "x: label of sample 1 is a list, expected a text or a number"),
    ],
)
def test_plain_refuses(labels, text):
    with pytest.raises(DataError, match=text):
        plain(labels, "x")


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([10, 9, 10, -1], (-1, 9, 10)),
        (["b", "a", "10", "9"], ("10", "9", "a", "b")),
        ([True, False], (False, True)),
        (["b", 2, 1, "a"], (1, 2, "a", "b")),
        ([(1, 2), (0, 5)], ((0, 5), (1, 2))),
    ],
)
def test_classes_are_sorted(labels, classes):
    assert distinct(labels, "x") == classes
    codes = encode(labels, classes, "x")
    assert codes.dtype == np.uint8
    assert [classes[c] for c in codes] == labels


def test_number_of_classes():
    assert len(distinct(range(256), "x")) == 256
    with pytest.raises(DataError, match=r"x: found 257 classes \(0, 1, .*9 and 247 more\), expected 2 to 256"):
        distinct(range(257), "x")
    with pytest.raises(DataError, match=r"x: found 1 classes \(a\), expected 2 to 256; are these the labels\?"):
        distinct(["a", "a"], "x")
    with pytest.raises(DataError, match='different labels read "1"; write that class in one way'):
        distinct([1, "1"], "x")


def test_gaps_are_named():
    assert counted([3, 1, 2], "x") == (1, 2, 3)  # numbered from another number than 0
    assert counted(["a", "c"], "x") == ("a", "c")
    with pytest.raises(DataError, match=r"x: labels 0 to 5 with gaps: no training sample has the label 2, 4;"):
        counted([0, 1, 3, 5], "x")
    with pytest.raises(DataError, match=r"labels 0 to 1000000000000 with gaps: .* the label 1, 2, .* more"):
        counted([0, 10**12], "x")


def test_unknown_and_absent_are_named():
    with pytest.raises(DataError, match=r"x: label d, e is none of the 2 classes \(a, b\)"):
        encode(["a", "e", "d"], ("a", "b"), "x")
    require_all(np.array([1, 0], np.uint8), ("a", "b"), "x")
    with pytest.raises(DataError, match="x: no training sample of class b, c; expected at least one of each of 3"):
        require_all(np.array([0], np.uint8), ("a", "b", "c"), "x")
