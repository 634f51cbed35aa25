"""What a caller may give as samples and labels, checked as scikit-learn's users expect it.

Faults are `ValueError` and `TypeError`, as in every estimator; the sentences say what was expected.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import CLASSES_MAX
from bsff.data.scaling import Scaling

from .base import DataConversionWarning

Array = NDArray[Any]


def samples_of(values: Any) -> Array:
    """Samples as an array of real, finite numbers.

    Parameters
    ----------
    values : array_like, shape (samples, features), (samples, height, width) or (samples, height, width, colours)

    Returns
    -------
    ndarray
        uint8 stays uint8; truth values become uint8 0 and 255; everything else float64.

    Raises
    ------
    TypeError
        If they are a sparse matrix, or objects that are no numbers.
    ValueError
        If they have another number of axes, no sample, no feature, or a value that is no finite real number.
    """
    if hasattr(values, "tocsr"):
        raise TypeError("sparse samples were given, but dense data is required: call X.toarray() first")
    if hasattr(values, "detach"):  # a tensor of PyTorch, perhaps on another device
        values = values.detach().cpu()
    array = np.asarray(values)
    if array.dtype.kind == "c":
        raise ValueError("Complex data not supported: samples must be real numbers")
    if array.dtype.kind in "OUS":
        try:
            array = array.astype(np.float64)
        except TypeError as error:
            raise TypeError(
                f"samples hold objects that are no numbers ({error}); argument must be a string or a number"
            ) from None
        except ValueError as error:
            raise ValueError(f"samples hold texts that are no numbers ({error}); encode them first") from None
    if array.ndim < 2:
        raise ValueError(
            f"Expected 2D array, got {'scalar' if array.ndim == 0 else '1D'} array instead. Reshape your data either using "
            "array.reshape(-1, 1) if it has a single feature or array.reshape(1, -1) if it contains a single sample."
        )
    if array.ndim > 4:
        raise ValueError(
            f"Found array with dim {array.ndim}, expected 2 (a table) to 4 (samples, height, width, colours)"
        )
    if array.shape[0] == 0:
        raise ValueError(f"Found array with 0 sample(s) (shape={array.shape}) while a minimum of 1 is required.")
    if 0 in array.shape:
        raise ValueError(f"Found array with 0 feature(s) (shape={array.shape}) while a minimum of 1 is required.")
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype != np.uint8:
        array = array.astype(np.float64)
        if not np.isfinite(array).all():
            raise ValueError("Input X contains NaN or infinity: fill such values in, or leave the samples out")
    return array


def labels_of(values: Any, count: int) -> Array:
    """Labels as an array of one axis.

    Parameters
    ----------
    values : array_like, shape (samples,)
        Texts, whole numbers or truth values.
    count : int
        Samples.

    Raises
    ------
    ValueError
        If there are none, more or fewer than samples, or if they are real numbers as in a regression.
    """
    if values is None:
        raise ValueError(
            "This Classifier requires y to be passed, but the target y is None: give a label for each sample"
        )
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    labels = np.asarray(values)
    if labels.ndim == 2 and labels.shape[1] == 1:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected; it is taken as one label for each sample",
            DataConversionWarning,
            stacklevel=4,
        )
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(f"y should be a 1d array of labels, got an array of shape {labels.shape} instead")
    if len(labels) != count:
        raise ValueError(f"Found {count} samples, but {len(labels)} labels: expected one label for each sample")
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all():
            raise ValueError("Input y contains NaN or infinity: expected a label for each sample")
        if (labels != np.floor(labels)).any():
            raise ValueError("Unknown label type: continuous. y holds real numbers; expected classes")
    if labels.dtype.kind == "c":
        raise ValueError("Complex data not supported: labels must be texts or whole numbers")
    return labels


def rule_of(samples: Array, wanted: str) -> str | None:
    """The rule by which samples become 8 bits; None: they are.

    Parameters
    ----------
    wanted : str
        ``auto`` (none for uint8, else ``quantiles`` for a table, ``common`` for images and signals), or one of
        `bsff.data.scaling.RULES`.
    """
    if wanted != "auto":
        return wanted
    if samples.dtype == np.uint8:
        return None
    return "quantiles" if samples.ndim == 2 else "common"


def pixels_of(samples: Array, shape: tuple[int, int, int], scaling: Scaling | None) -> NDArray[np.uint8]:
    """Samples as the machine takes them: uint8, (samples, height, width, colours)."""
    scaled = samples if scaling is None else scaling.apply(samples)
    return np.ascontiguousarray(scaled.reshape(len(samples), *shape))


def shape_of(samples: Array, wanted: tuple[int, int, int] | None) -> tuple[int, int, int]:
    """Height, width and colours of a sample.

    A table's sample has height 1; images without colours have one. `wanted` lays the values out in another way.

    Raises
    ------
    ValueError
        If `wanted` has another number of values.
    """
    own = samples.shape[1:]
    if wanted is None:
        return {1: (1, own[0], 1), 2: (own[0], own[-1], 1), 3: own}[len(own)]
    height, width, colours = (int(n) for n in wanted)
    if height * width * colours != int(np.prod(own)):
        raise ValueError(
            f"input_shape = {tuple(wanted)}: holds {height * width * colours} values, expected {int(np.prod(own))}, those of a sample"
        )
    return height, width, colours


def check_classes(classes: Array) -> None:
    """Refuse what cannot be told apart: fewer than two classes, or more than the machine has labels for.

    Raises
    ------
    ValueError
    """
    if len(classes) < 2:
        raise ValueError(f"y contains {len(classes)} class: expected at least 2 classes to tell apart")
    if len(classes) > CLASSES_MAX:
        raise ValueError(
            f"y contains {len(classes)} classes: the machine tells at most {CLASSES_MAX} apart; is it a regression?"
        )


def codes_of(labels: Array, classes: Array) -> NDArray[np.uint8]:
    """The number of each label among the classes, which are sorted.

    Raises
    ------
    ValueError
        If a label is none of them: the first such is named.
    """
    codes = np.searchsorted(classes, labels)
    known = classes[np.minimum(codes, len(classes) - 1)] == labels
    if not known.all():
        raise ValueError(
            f"label {labels[~known].tolist()[0]!r}: expected one of {classes.tolist()}; name all classes when the model begins"
        )
    return codes.astype(np.uint8)
