"""Data sets of four IDX files in a folder: those of the catalogue, and the user's own."""

import re
from pathlib import Path

import numpy as np

from bsff.config import DATASETS, DataSet
from bsff.errors import DataError

from .arrays import Shape, from_arrays
from .dataset import Bytes, Dataset
from .folders import missing
from .idx import read_idx
from .labels import counted

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
NAME = re.compile(r"(?P<prefix>.*?)(?P<split>train|t10k|test)-(?P<kind>images[-.]idx3|labels[-.]idx1)-ubyte(\.gz)?")
"""Names that are looked for; some copies write ``images.idx3``."""


def load_idx(chosen: DataSet, root: Path) -> Dataset:
    """Load a data set of four IDX files from a folder, or from its usual subfolders.

    Parameters
    ----------
    chosen : DataSet
        Of the format ``idx``.
    root : Path
        Folder that holds the four files, each plain or gzip, or ``mnist/``, ``MNIST/raw/``, ``fashion-mnist/``, ...

    Returns
    -------
    Dataset
        Images of the catalogue's shape, one colour.

    Raises
    ------
    DataError
        If a file is missing or damaged, if images and labels do not match, or if the files are
        another data set's, whose names are the same.
    """
    found = _find(chosen, root)
    arrays = *_catalogue_pair(chosen, found[0], found[1]), *_catalogue_pair(chosen, found[2], found[3])
    first = tuple(arrays[1][:10].tolist())
    for other in DATASETS.values():
        if other.name != chosen.name and first == other.first_labels:
            raise DataError(
                f"{found[1]}: these are the labels of {other.title}, expected {chosen.title}; "
                f"name a folder with {chosen.folders[0]}/ inside, or change data.dataset"
            )
    return Dataset(chosen.name, chosen.title, *arrays, chosen.classes)


def is_idx(name: str) -> bool:
    """Whether a file is one of four by its name."""
    return NAME.fullmatch(name) is not None


def load_idx_folder(folder: Path, shape: Shape | None = None) -> Dataset:
    """Load the user's own IDX files.

    Parameters
    ----------
    folder : Path
        With ``*train-images-idx3-ubyte``, ``*train-labels-idx1-ubyte`` and, under the same beginning, the same with
        ``test`` or ``t10k``, each plain or ``.gz``. Without a test pair a fifth is split off. Labels are whole numbers
        without gaps.
    shape : (height, width, channels), optional
        As for `from_arrays`.

    Raises
    ------
    DataError
        If a file is missing or damaged, if there are the files of several data sets, and as `from_arrays`.
    """
    prefixes = sorted({m["prefix"] for m in map(NAME.fullmatch, _names(folder)) if m})
    if len(prefixes) > 1:
        raise DataError(
            f"{folder}: IDX files of {len(prefixes)} data sets (beginning {', '.join(p or 'with the split' for p in prefixes)}), "
            "expected one; put each into a folder of its own"
        )
    train, test = (_by_role(folder, prefixes[0], splits) for splits in (("train",), ("test", "t10k")))
    if None in train or (None in test and test != [None, None]):
        absent = [f for f, path in zip(FILES, train + test, strict=True) if path is None]
        raise DataError(f"{folder}: missing {', '.join(absent)}; expected images and labels, each plain or .gz")
    parts = [_pair(images, labels) for images, labels in (train, test) if images and labels]
    counted(parts[0][1].tolist(), f"{folder}")
    return from_arrays(
        parts[0][0],
        parts[0][1],
        test=parts[1] if len(parts) > 1 else None,
        shape=shape,
        label=folder.name or str(folder),
    )


def _names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.is_file()) if folder.is_dir() else []


def _by_role(folder: Path, prefix: str, splits: tuple[str, ...]) -> list[Path | None]:
    """The images and the labels of one split; gzip before plain."""
    found: list[Path | None] = []
    for kind in ("images", "labels"):
        matches = [
            folder / name
            for name in sorted(_names(folder), key=lambda name: (not name.endswith(".gz"), name))
            if (m := NAME.fullmatch(name))
            and m["prefix"] == prefix
            and m["split"] in splits
            and m["kind"].startswith(kind)
        ]
        found.append(matches[0] if matches else None)
    return found


def _pair(images_file: Path, labels_file: Path) -> tuple[Bytes, Bytes]:
    images, labels = read_idx(images_file, 3), read_idx(labels_file, 1)
    if len(images) != len(labels):
        raise DataError(
            f"{labels_file}: {len(labels)} labels, expected {len(images)}, one per image of "
            f"{images_file}; do both files belong together?"
        )
    return images[..., np.newaxis], labels


def _catalogue_pair(chosen: DataSet, images_file: Path, labels_file: Path) -> tuple[Bytes, Bytes]:
    images, labels = _pair(images_file, labels_file)
    if chosen.shape is not None and images.shape[1:3] != chosen.shape[:2]:
        raise DataError(
            f"{images_file}: images of {images.shape[1:3]}, expected {chosen.shape[:2]}; is it the right file?"
        )
    if int(labels.min(initial=255)) < chosen.first_label:
        raise DataError(
            f"{labels_file}: label {labels.min()} of sample {labels.argmin()}, expected {chosen.first_label} to "
            f"{chosen.first_label + len(chosen.classes) - 1}; is it the right file?"
        )
    images = images.transpose(0, 2, 1, 3).copy() if chosen.transposed else images
    return images, labels - np.uint8(chosen.first_label)


def _find(chosen: DataSet, root: Path) -> list[Path]:
    """The four files, all from one folder."""
    folders = [root / folder for folder in chosen.folders]
    wanted = [chosen.prefix + (f.replace("t10k", "test") if chosen.prefix else f) for f in FILES]
    lacks: list[tuple[list[str], Path]] = []
    for folder in folders:
        found = _by_role(folder, chosen.prefix, ("train",)) + _by_role(folder, chosen.prefix, ("t10k", "test"))
        if None not in found:
            return [p for p in found if p is not None]
        lacks.append(([f"{f}.gz" for f, p in zip(wanted, found, strict=True) if p is None], folder))
    files, put = min(lacks, key=lambda lack: len(lack[0]))  # the folder that has the most, else the first
    raise missing(chosen.title, files, folders, put)
