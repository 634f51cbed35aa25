"""What every loader returns: images and labels that have been checked once and for all."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bsff.config import CLASSES_MAX
from bsff.errors import DataError

from .scaling import Scaling

Bytes = NDArray[np.uint8]
Arrays = tuple[Bytes, Bytes, Bytes, Bytes]
"""Training images, training labels, test images, test labels."""


def some(names: Sequence[object]) -> str:
    """Names for an error, the first few of many."""
    few = ", ".join(map(str, names[:10]))
    return f"{few} and {len(names) - 10} more" if len(names) > 10 else few


@dataclass(frozen=True, eq=False)  # two data sets are compared by identity: arrays have no single truth value
class Dataset:
    """Training and test images with their labels.

    Parameters
    ----------
    name : str
        Name in the configuration, ``data.dataset``.
    label : str
        Name for people and result tables; a copy of a data set says so ("CIFAR-10 (JPEG copy)").
    train_images, test_images : ndarray of uint8, shape (samples, height, width, channels)
        One channel for grey, three for RGB, any number for signals; 0 to 255. A signal is a map of height 1, a row
        of features one of height 1 and one channel.
    train_labels, test_labels : ndarray of uint8, shape (samples,)
        Class of each image, from 0.
    classes : tuple of str
        Name of each class, in the order of the labels.
    scaling : Scaling, optional
        How features became 8 bits, for the samples that come later; None where they had 8 bits.

    Raises
    ------
    DataError
        If an array has another type or shape, if the counts differ, or if a label is out of range.
    """

    name: str
    label: str
    train_images: Bytes = field(repr=False)
    train_labels: Bytes = field(repr=False)
    test_images: Bytes = field(repr=False)
    test_labels: Bytes = field(repr=False)
    classes: tuple[str, ...]
    scaling: Scaling | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not 2 <= len(self.classes) <= CLASSES_MAX:
            raise DataError(
                f"{self.label}: found {len(self.classes)} classes ({some(self.classes)}), expected 2 to {CLASSES_MAX}"
            )
        self._check("train", self.train_images, self.train_labels)
        self._check("test", self.test_images, self.test_labels)
        if self.train_images.shape[1:] != self.test_images.shape[1:]:
            raise DataError(
                f"{self.label}: training images are {self.train_images.shape[1:]}, test images "
                f"{self.test_images.shape[1:]}; expected one size, do both files belong together?"
            )

    def _check(self, split: str, images: Bytes, labels: Bytes) -> None:
        where = f"{self.label}, {split}"
        if images.dtype != np.uint8 or images.ndim != 4 or 0 in images.shape:
            raise DataError(
                f"{where}: images are {images.dtype} {images.shape}, expected uint8 (samples, height, width, channels)"
            )
        if labels.dtype != np.uint8 or labels.ndim != 1:
            raise DataError(f"{where}: labels are {labels.dtype} {labels.shape}, expected uint8 (samples,)")
        if len(images) != len(labels):
            raise DataError(
                f"{where}: {len(images)} images but {len(labels)} labels; "
                "expected one label per image, do both files belong together?"
            )
        if int(labels.max()) >= len(self.classes):
            raise DataError(
                f"{where}: label {int(labels.max())} of sample {int(labels.argmax())}, "
                f"expected 0 to {len(self.classes) - 1}; is it the right file?"
            )
