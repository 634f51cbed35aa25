"""CIFAR-10 in whichever form the user has it, and CIFAR-100 in its official ones."""

import re
from collections.abc import Callable
from pathlib import Path

from bsff.config import DataSet
from bsff.tools.cache import cache_folder

from .batches import CIFAR10, CIFAR100, find
from .cache import cached
from .dataset import Dataset
from .folders import missing
from .images import decode_tree

PER_CLASS = {"train": 5000, "test": 1000}
IMAGE_TAR = re.compile(r"cifar-?10-images.*\.(tar|tgz|tar\.gz|tar\.xz)", re.IGNORECASE)
FORMS = (
    "cifar-10-batches-py/ or cifar-10-python.tar.gz or cifar-10-batches-bin/ or cifar10-images.tar.xz "
    "or train/<class>/*.jpg with test/<class>/*.jpg",
)
Form = Callable[[DataSet, Path], Dataset | None]
"""Reads one form of a data set from a folder; None if it is not there."""
FORMS100 = ("cifar-100-python/ or cifar-100-python.tar.gz or cifar-100-binary/ or cifar-100-binary.tar.gz",)


def load_cifar(chosen: DataSet, root: Path) -> Dataset:
    """Load CIFAR-10 from a folder, or from its usual subfolders.

    The official versions are preferred to a copy as images, whose label says that it is one.

    Parameters
    ----------
    chosen : DataSet
        Of the format ``cifar``.
    root : Path
        Folder that holds ``cifar-10-batches-py/``, ``cifar-10-python.tar.gz``,
        ``cifar-10-batches-bin/``, ``cifar10-images.tar.xz`` (or ``.tar.gz``), or ``train/`` and
        ``test/`` with a folder of JPEG images per class; also inside ``cifar10/``, ``cifar10-jpeg/``.

    Returns
    -------
    Dataset
        Images of shape (samples, 32, 32, 3).

    Raises
    ------
    DataError
        If none of these is there, or if the first that is there is incomplete or damaged.
    """
    return _first(chosen, root, (_batches, _images), FORMS)


def load_cifar100(chosen: DataSet, root: Path) -> Dataset:
    """Load CIFAR-100, with its fine labels, from a folder or from its usual subfolders.

    Parameters
    ----------
    chosen : DataSet
        Of the format ``cifar100``.
    root : Path
        Folder that holds ``cifar-100-python/``, ``cifar-100-python.tar.gz``, ``cifar-100-binary/`` or
        ``cifar-100-binary.tar.gz``; also inside ``cifar100/``.

    Returns
    -------
    Dataset
        Images of shape (samples, 32, 32, 3).

    Raises
    ------
    DataError
        If none of these is there, or if the first that is there is incomplete or damaged.
    """
    return _first(chosen, root, (_batches100,), FORMS100)


def _first(chosen: DataSet, root: Path, forms: tuple[Form, ...], words: tuple[str, ...]) -> Dataset:
    """The first form that one of the usual folders has; a form that is preferred is looked for in all folders first."""
    folders = [root / folder for folder in chosen.folders]
    for form in forms:
        for folder in folders:
            found = form(chosen, folder) if folder.is_dir() else None
            if found:
                return found
    raise missing(chosen.title, words, [f for f in folders if f == root or f.is_dir()], root)


def _batches100(chosen: DataSet, folder: Path) -> Dataset | None:
    found = find(
        folder, CIFAR100, python="cifar-100-python", archive="cifar-100-python.tar.gz", binary="cifar-100-binary"
    )
    return Dataset(chosen.name, chosen.title, *found, chosen.classes) if found else None


def _batches(chosen: DataSet, folder: Path) -> Dataset | None:
    found = find(
        folder, CIFAR10, python="cifar-10-batches-py", archive="cifar-10-python.tar.gz", binary="cifar-10-batches-bin"
    )
    return Dataset(chosen.name, chosen.title, *found, chosen.classes) if found else None


def _images(chosen: DataSet, folder: Path) -> Dataset | None:
    archive = next((p for p in sorted(folder.iterdir()) if IMAGE_TAR.fullmatch(p.name) and p.is_file()), None)
    if archive is not None:
        source = archive
        arrays = cached(archive, cache_folder(), lambda: decode_tree(source, PER_CLASS, chosen.classes))
    elif (folder / "train").is_dir() and (folder / "test").is_dir():
        source = folder
        arrays = decode_tree(folder, PER_CLASS, chosen.classes)
    else:
        return None
    classes = tuple(arrays["classes"].tolist())
    label = f"{chosen.title} (JPEG copy)" if classes == chosen.classes else f"images of {source.name}"
    return Dataset(
        chosen.name,
        label,
        arrays["train_images"],
        arrays["train_labels"],
        arrays["test_images"],
        arrays["test_labels"],
        classes,
    )
