"""Labels of any kind to numbers from 0, with the names of the classes."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from bsff.config import CLASSES_MAX
from bsff.errors import DataError

from .dataset import Bytes, some


def plain(labels: Iterable[Any], where: str) -> list[Any]:
    """The labels as plain Python values: whole numbers where they are whole, else what they are.

    Parameters
    ----------
    labels : iterable
        Texts, numbers, truth values, scalars of numpy or PyTorch; an array of one column is taken as one of none.
    where : str
        Begins errors.

    Raises
    ------
    DataError
        If one is missing (None, nan), is not hashable, or is an array: the first such is named.
    """
    if isinstance(labels, np.ndarray) and labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    result = []
    for i, label in enumerate(labels):
        if getattr(label, "shape", None) not in (None, ()):
            raise DataError(
                f"{where}: label of sample {i} has shape {tuple(label.shape)}, expected one label for each sample; "
                "for one-hot rows use labels.argmax(axis=1)"
            )
        value = label.item() if hasattr(label, "item") else label
        value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        try:
            hash(value)
            missing = value is None or bool(value != value)  # nan is the value that does not equal itself
        except TypeError:
            raise DataError(
                f"{where}: label of sample {i} is a {type(value).__name__}, expected a text or a number"
            ) from None
        if missing:
            raise DataError(
                f"{where}: label of sample {i} is missing ({value}); leave the sample out or name its class"
            )
        whole = isinstance(value, float) and value.is_integer()
        result.append(int(value) if whole else value)
    return result


def distinct(labels: Sequence[Any], where: str) -> tuple[Any, ...]:
    """The classes of labels that are names: the distinct ones, numbers and texts in their own order.

    Raises
    ------
    DataError
        If there are fewer than 2 or more than `CLASSES_MAX`, or if two look the same as text.
    """
    found = set(labels)
    try:
        classes = sorted(found)
    except TypeError:  # of several types
        classes = sorted(found, key=lambda v: (type(v).__name__, str(v)))
    if not 2 <= len(classes) <= CLASSES_MAX:
        raise DataError(
            f"{where}: found {len(classes)} classes ({some(classes)}), expected 2 to {CLASSES_MAX}; are these the labels?"
        )
    twice = [name for i, name in enumerate(classes) if str(name) in map(str, classes[:i])]
    if twice:
        raise DataError(f'{where}: different labels read "{twice[0]}"; write that class in one way')
    return tuple(classes)


def counted(labels: Sequence[Any], where: str) -> tuple[Any, ...]:
    """The classes of labels in a file that has no names: texts, or all whole numbers from the lowest to the highest.

    Raises
    ------
    DataError
        As `distinct`; and if whole numbers have gaps: those without a sample are named.
    """
    classes = distinct(labels, where)
    if all(type(v) is int for v in classes) and classes[-1] - classes[0] >= len(classes):
        absent = [v for v in range(classes[0], min(classes[-1], classes[0] + 2 * CLASSES_MAX)) if v not in classes]
        raise DataError(
            f"{where}: labels {classes[0]} to {classes[-1]} with gaps: no training sample has the label {some(absent)}; "
            "add samples, or number the classes without gaps"
        )
    return classes


def encode(labels: Sequence[Any], classes: Sequence[Any], where: str) -> Bytes:
    """The number of each label's class.

    Parameters
    ----------
    labels : sequence
        As `plain` gives them.
    classes : sequence
        What the labels may be, in the order of the numbers.
    where : str
        Begins errors.

    Raises
    ------
    DataError
        If a label is none of the classes: those are named.
    """
    number = {value: i for i, value in enumerate(classes)}
    unknown = sorted({str(v) for v in labels if v not in number})
    if unknown:
        raise DataError(
            f"{where}: label {some(unknown)} is none of the {len(classes)} classes ({some(classes)}); "
            "give it training samples, or leave these samples out"
        )
    return np.array([number[v] for v in labels], dtype=np.uint8)


def require_all(codes: Bytes, names: Sequence[str], where: str) -> None:
    """Refuse a training set that lacks a class.

    Raises
    ------
    DataError
        If a class has no sample: those are named.
    """
    counts = np.bincount(codes, minlength=len(names))
    absent = [name for name, count in zip(names, counts, strict=True) if not count]
    if absent:
        raise DataError(
            f"{where}: no training sample of class {some(absent)}; expected at least one of each of {len(names)} classes"
        )
