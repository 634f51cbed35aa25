"""From the ``[data]`` table of a configuration to arrays."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from bsff.config import DATASETS, OWN, DataConfig, DataSet
from bsff.errors import DataError
from bsff.tools.cache import cache_folder

from .cifar import load_cifar, load_cifar100
from .dataset import Bytes, Dataset
from .digits import load_digits
from .download import fetch
from .folders import MissingFilesError, given_folder
from .idx_folder import load_idx
from .own import load_own
from .whiten import whiten

Reader = Callable[[DataSet, Path], Dataset]
READERS: dict[str, Reader] = {
    "sklearn digits": lambda chosen, _: load_digits(chosen),
    "idx": load_idx,
    "cifar": load_cifar,
    "cifar100": load_cifar100,
}
"""Formats of the catalogue, each with its reader of a folder."""


def load_dataset(config: DataConfig, *, folder: Path | None = None) -> Dataset:
    """Load the data set that a configuration names.

    Parameters
    ----------
    config : DataConfig
        ``dataset``, ``train_samples``, ``test_samples`` and ``whiten`` are used; of own data also ``path``,
        ``classes`` and ``input``.
    folder : Path, optional
        Folder with the data files. Without it the variable ``BSFF_DATA`` names the folder; without
        both it is the user's cache folder, and only there missing files are downloaded. The digits
        and own data need no folder.

    Returns
    -------
    Dataset
        Images and labels, uint8, in an order that never changes.

    Raises
    ------
    DataError
        If files are missing, damaged or cannot be downloaded, if a package that they need is not
        installed, or if the configuration asks for more samples than there are.
    """
    dataset = load_own(config) if config.dataset == OWN else _whole(config.dataset, folder)
    train = _count("train_samples", config.train_samples, dataset.train_images, dataset.label)
    test = _count("test_samples", config.test_samples, dataset.test_images, dataset.label)
    images = [_first(train, dataset.train_images), _first(test, dataset.test_images)]
    if config.whiten:
        images = [whiten(i) for i in images]
    return dataclasses.replace(
        dataset,
        train_images=images[0],
        train_labels=_first(train, dataset.train_labels),
        test_images=images[1],
        test_labels=_first(test, dataset.test_labels),
    )


def _whole(name: str, folder: Path | None) -> Dataset:
    if name not in DATASETS:
        raise DataError(f'data.dataset = "{name}": expected one of {", ".join(DATASETS)}')
    chosen = DATASETS[name]
    if not chosen.folders:  # it comes with a package
        return READERS[chosen.format](chosen, Path())
    given = given_folder(folder)
    root = cache_folder() if given is None else given
    try:
        return _read(chosen, root)
    except MissingFilesError as reason:
        if not chosen.files:
            raise DataError(f"{reason}; it is not downloaded, get it from {chosen.home}") from None
        if given is not None:  # a folder that the user named is complete or an error: nothing is written into it
            raise
        fetch(chosen, root, reason)
    return _read(chosen, root)


def _read(chosen: DataSet, root: Path) -> Dataset:
    try:
        return READERS[chosen.format](chosen, root)
    except OSError as error:  # a folder that may not be entered, a disk that fails
        raise DataError(
            f"{error.filename or root}: cannot be read ({error.strerror or error}); check the file and its permissions"
        ) from None


def _count(key: str, wanted: int, images: Bytes, label: str) -> int:
    if wanted > len(images):
        raise DataError(f"data.{key} = {wanted}: {label} has {len(images)}; expected at most that, or 0 for all")
    return wanted or len(images)


def _first(count: int, array: Bytes) -> Bytes:
    """The first samples; a copy, so that a small part does not keep the whole set in memory."""
    return array if count == len(array) else array[:count].copy()
