"""Arrays of any shape to a data set: maps of 8 bits, numbered classes, a test set."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import OWN
from bsff.errors import DataError

from .dataset import Bytes, Dataset
from .labels import distinct, encode, plain, require_all
from .scaling import Scaling
from .stratified import fifth

Shape = tuple[int, int, int]


def from_arrays(
    images: Any,
    labels: Iterable[Any],
    *,
    names: Sequence[Any] | None = None,
    test: tuple[Any, Iterable[Any]] | None = None,
    scaling: str | Scaling | None = None,
    shape: Sequence[int] | None = None,
    label: str = "own data",
) -> Dataset:
    """Make a data set of arrays.

    Parameters
    ----------
    images : array_like, shape (samples, ...)
        Features (samples, features), images (samples, height, width) or (samples, height, width, channels). A signal is
        a map of height 1, (samples, 1, time, channels); `shape` makes one of other axes. uint8 is taken as it is,
        anything else is scaled to 8 bits.
    labels : iterable
        One for each sample, of any hashable kind.
    names : sequence, optional
        Names of the classes. The labels are then numbers into it, or names out of it. Without it the classes are the
        distinct labels, sorted.
    test : pair of images and labels, optional
        The test samples. Without them it is a fifth of the others, by a fixed, stratified rule.
    scaling : str or Scaling, optional
        Rule of `bsff.data.scaling.RULES`, fitted to the training samples, or one that was fitted before. Without it:
        none for uint8, ``quantiles`` for features, ``common`` for signals and images.
    shape : (height, width, channels), optional
        Map that a sample becomes; features are laid out row by row. Samples of two axes (a, b) may become (a, b, 1)
        or (1, a, b). Without it: the image's own, (1, features, 1) for features.
    label : str
        Name for people.

    Returns
    -------
    Dataset
        With `Dataset.scaling` where samples were scaled.

    Raises
    ------
    DataError
        If shapes, counts or labels do not fit, if a value is no finite number, if a class has no training sample.
    """
    values = as_array(images, label)
    given = plain(labels, label)
    _check_count(values, given, label)
    classes, given = _classes(given, names, label)
    codes = encode(given, classes, label)
    if test is None:
        first, second = fifth(codes)
        if not len(second):
            raise DataError(
                f"{label}: {len(values)} samples of {len(classes)} classes are too few to keep some for testing; "
                "expected at least two of one class, or a test set"
            )
        values, test_values = values[first], values[second]
        codes, test_codes = codes[first], codes[second]
    else:
        where = f"{label}, test"
        test_values, test_given = as_array(test[0], where), plain(test[1], where)
        _check_count(test_values, test_given, where)
        if test_values.shape[1:] != values.shape[1:] or (test_values.dtype == np.uint8) != (values.dtype == np.uint8):
            raise DataError(
                f"{where}: samples are {test_values.dtype} {test_values.shape[1:]}, expected {values.dtype} "
                f"{values.shape[1:]} as those for training"
            )
        if names is not None:
            _, test_given = _classes(test_given, names, where)
        test_codes = encode(test_given, classes, where)
    texts = tuple(map(str, classes))
    require_all(codes, texts, label)
    fitted = _fit(values, scaling, shape)
    size = map_shape(values, shape, label)
    return Dataset(
        OWN,
        label,
        to_images(values, size, fitted),
        codes,
        to_images(test_values, size, fitted),
        test_codes,
        texts,
        fitted,
    )


def as_array(values: Any, where: str) -> NDArray[Any]:
    """An array of numbers, of at least two axes, from anything that numpy or PyTorch understands.

    Raises
    ------
    DataError
        If it is none.
    """
    if hasattr(values, "detach"):  # a tensor of PyTorch, perhaps on another device
        values = values.detach().cpu()
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise DataError(f"{where}: samples make no array ({error}); expected all of one shape") from None
    if array.dtype.kind not in "buif" or array.ndim not in (2, 3, 4) or 0 in array.shape:
        raise DataError(
            f"{where}: samples are {array.dtype} {array.shape}, expected numbers of shape (samples, features), "
            "(samples, height, width) or (samples, height, width, channels)"
        )
    return array


def map_shape(values: NDArray[Any], shape: Sequence[int] | None, where: str) -> Shape:
    """Height, width and channels of the map that a sample becomes; see `from_arrays`.

    Raises
    ------
    DataError
        If `shape` does not fit the samples.
    """
    sample = values.shape[1:]
    own = {1: (1, *sample, 1), 2: (*sample, 1), 3: sample}[len(sample)]
    if not shape:
        return own
    wanted = tuple(int(n) for n in shape)
    if len(wanted) != 3:
        raise DataError(f"{where}: shape = {list(wanted)}, expected [height, width, channels]")
    # Only a row of features leaves open how it is laid out.
    fits = {1: math.prod(wanted) == math.prod(sample), 2: wanted in ((*sample, 1), (1, *sample)), 3: wanted == sample}[
        len(sample)
    ]
    if not fits:
        hint = ""
        if len(sample) == 3 and wanted == (*sample[1:], sample[0]):
            hint = "; the channels come first, use images.transpose(0, 2, 3, 1)"
        raise DataError(f"{where}: samples are {list(own)}, expected {list(wanted)} (data.input){hint}")
    return wanted[0], wanted[1], wanted[2]


def to_images(values: NDArray[Any], shape: Shape, scaling: Scaling | None) -> Bytes:
    """Samples as the machine takes them, (samples, height, width, channels) in 8 bits.

    Parameters
    ----------
    values : ndarray
        Samples, as `from_arrays` takes them.
    shape : (height, width, channels)
        Of the map that each becomes.
    scaling : Scaling, optional
        As it was fitted; None: they are uint8.

    Raises
    ------
    DataError
        If the samples have another type or shape, or if a value is no finite number.
    """
    if scaling is not None:
        values = scaling.apply(values)
    if values.dtype != np.uint8 or math.prod(values.shape[1:]) != math.prod(shape):
        raise DataError(f"samples are {values.dtype} {values.shape[1:]}, expected uint8 that make {list(shape)}")
    return np.array(values.reshape(-1, *shape), order="C")  # a copy: the caller's array stays the caller's


def _fit(values: NDArray[Any], scaling: str | Scaling | None, shape: Sequence[int] | None) -> Scaling | None:
    if isinstance(scaling, Scaling):
        return scaling
    if scaling is None:
        if values.dtype == np.uint8:
            return None
        image = shape is not None and len(shape) == 3 and (shape[0] > 1 or shape[2] > 1)
        scaling = "common" if values.ndim > 2 or image else "quantiles"
    return Scaling.fit(values, scaling)


def _classes(given: list[Any], names: Sequence[Any] | None, where: str) -> tuple[tuple[Any, ...], list[Any]]:
    """The classes, and the labels in their terms."""
    if names is None:
        return distinct(given, where), given
    names = plain(names, f"{where}, names")
    if len(set(map(str, names))) != len(names):
        raise DataError(f"{where}: names of classes occur twice ({', '.join(map(str, names))}); expected each once")
    if all(type(v) is int for v in given) and not all(type(v) is int for v in names):
        wrong = next((i for i, v in enumerate(given) if not 0 <= v < len(names)), None)
        if wrong is not None:
            raise DataError(
                f"{where}: label {given[wrong]} of sample {wrong}, expected 0 to {len(names) - 1} for {len(names)} names"
            )
        given = [names[v] for v in given]
    return tuple(names), given


def _check_count(values: NDArray[Any], labels: Sequence[Any], where: str) -> None:
    if len(values) != len(labels):
        raise DataError(f"{where}: {len(values)} samples but {len(labels)} labels; expected one label for each sample")
