"""Images and labels from an ``.npz`` file of numpy."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.errors import DataError

from .arrays import Shape, from_arrays
from .dataset import Dataset, some
from .labels import counted, plain

PAIRS = {
    "train": (("train_images", "train_labels"), ("X_train", "y_train"), ("images", "labels"), ("X", "y")),
    "test": (("test_images", "test_labels"), ("X_test", "y_test")),
}
"""Names of the arrays, in the order in which they are looked for; capitals do not matter."""
NAMES = ("names", "class_names", "classes")


def load_npz(path: Path, shape: Shape | None = None) -> Dataset:
    """Read an ``.npz`` file.

    Parameters
    ----------
    path : Path
        With arrays ``images`` and ``labels`` (or ``X``, ``y``), or ``train_images``, ``train_labels``, ``test_images``
        and ``test_labels`` (or ``X_train``, ...); optionally ``names``. Labels without names are texts, or whole
        numbers without gaps.
    shape : (height, width, channels), optional
        As for `from_arrays`.

    Raises
    ------
    DataError
        If the file is damaged or lacks an array, and as `from_arrays`.
    """
    arrays = _read(path)
    train = _pair(arrays, "train")
    if train is None:
        raise DataError(
            f"{path}: arrays are {some(list(arrays)) or 'none'}, expected images and labels (or X and y), or train_images, "
            "train_labels, test_images and test_labels"
        )
    test = _pair(arrays, "test")
    names: Any = next((arrays[key] for key in arrays if key.lower() in NAMES), None)
    labels = plain(train[1], str(path))
    if names is None:
        counted(labels, str(path))
    else:
        names = np.ravel(names).tolist()
    return from_arrays(train[0], labels, names=names, test=test, shape=shape, label=path.name)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as file:
            kept: Any = np.load(file, allow_pickle=False)
            if isinstance(kept, np.ndarray):
                raise DataError(f"{path}: a single array, expected an .npz with images and labels; use numpy.savez")
            with kept:
                return {name: kept[name] for name in kept.files}
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, KeyError) as error:
        what = (
            "holds Python objects, expected arrays of numbers and texts" if "Object arrays" in str(error) else "damaged"
        )
        raise DataError(f"{path}: {what} ({error}); write it again with numpy.savez") from None


def _pair(arrays: dict[str, NDArray[Any]], part: str) -> tuple[NDArray[Any], NDArray[Any]] | None:
    lower = {name.lower(): name for name in arrays}
    for pair in PAIRS[part]:
        found = [lower.get(name.lower()) for name in pair]
        if found[0] is not None and found[1] is not None:
            return arrays[found[0]], arrays[found[1]]
    return None
