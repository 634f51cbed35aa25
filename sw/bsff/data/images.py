"""A tree of small JPEG images, ``train/<class>/*.jpg`` and ``test/<class>/*.jpg``: a folder or a tar."""

import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from bsff.errors import DataError

from .cache import NamedArrays
from .dataset import Bytes
from .lazy import require

SPLITS = ("train", "test")
SUFFIXES = (".jpg", ".jpeg")
SIDE = 32
LARGEST = 1 << 20
"""Bytes of an image file that are still believed; a 32x32 JPEG has about 1000."""
TAR_ERRORS = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError)


class Picture(NamedTuple):
    """One image that is not decoded yet."""

    name: str
    label: int
    content: bytes | Path


def list_tree(path: Path) -> tuple[tuple[str, ...], dict[str, list[Picture]]]:
    """List the images of a tree, without decoding them.

    Parameters
    ----------
    path : Path
        Folder with ``train/`` and ``test/``, or a tar (plain, gzip, xz) that holds both, at its top
        or one folder deep. Anything else in there is ignored.

    Returns
    -------
    classes : tuple of str
        Folder names, sorted; for CIFAR-10 this is the official order.
    pictures : dict of str to list of Picture
        For ``"train"`` and ``"test"``: the first image of each class, then the second, and so on, by
        file name. So the first N images hold the classes in equal parts.

    Raises
    ------
    DataError
        If the tar is damaged, or if training and test do not have the same classes.
    """
    found: dict[str, dict[str, dict[str, bytes | Path]]] = {split: {} for split in SPLITS}
    tops = set()
    for name, content in _folder(path) if path.is_dir() else _tar(path):
        parts = PurePosixPath(name).parts
        if len(parts) in (3, 4) and parts[-3] in SPLITS:
            tops.add(parts[:-3])
            found[parts[-3]].setdefault(parts[-2], {})[parts[-1]] = content
    if len(tops) > 1:
        raise DataError(
            f"{path}: {len(tops)} trees of images ({', '.join('/'.join(t) or '.' for t in sorted(tops))}), "
            "expected one; keep one of them"
        )
    classes = sorted(found["train"])
    if not classes or classes != sorted(found["test"]):
        raise DataError(
            f"{path}: classes for training: {', '.join(classes) or 'none'}; for test: "
            f"{', '.join(sorted(found['test'])) or 'none'}; expected the same, as folders "
            "train/<class>/*.jpg and test/<class>/*.jpg"
        )
    pictures = {}
    for split in SPLITS:
        ranked = [
            (rank, label, f"{split}/{name}/{file}")
            for label, name in enumerate(classes)
            for rank, file in enumerate(sorted(found[split][name]))
        ]
        pictures[split] = [
            Picture(name, label, found[split][classes[label]][PurePosixPath(name).name])
            for _, label, name in sorted(ranked)
        ]
    return tuple(classes), pictures


def _folder(path: Path) -> Iterator[tuple[str, Path]]:
    for split in SPLITS:
        for file in (path / split).glob("*/*"):
            if _is_image(file.name) and file.is_file():
                yield file.relative_to(path).as_posix(), file


def _tar(path: Path) -> Iterator[tuple[str, bytes]]:
    """Members are only read, never unpacked, so their names can do no harm."""
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                if not member.isfile() or not _is_image(PurePosixPath(member.name).name):
                    continue
                if member.size > LARGEST:
                    raise DataError(
                        f"{path}: {member.name} has {member.size} bytes, expected at most {LARGEST}; "
                        "is it the right archive?"
                    )
                file = tar.extractfile(member)
                yield member.name, file.read() if file else b""
    except TAR_ERRORS as error:
        raise DataError(f"{path}: truncated or not a tar archive ({error}); copy or download it again") from None


def _is_image(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def decode(path: Path, pictures: list[Picture]) -> Bytes:
    """Decode images.

    Parameters
    ----------
    path : Path
        The tree that they came from; named in errors.
    pictures : list of Picture
        As `list_tree` gives them.

    Returns
    -------
    ndarray of uint8, shape (pictures, 32, 32, 3)

    Raises
    ------
    DataError
        If pillow is not installed, or if an image is not a JPEG of 32 by 32 pixels.
    """
    pillow = require("PIL.Image", package="pillow", purpose=f"decoding the images of {path}")
    result = np.empty((len(pictures), SIDE, SIDE, 3), dtype=np.uint8)
    for i, picture in enumerate(pictures):
        try:
            content = picture.content
            content = content.read_bytes() if isinstance(content, Path) else content
            with pillow.open(io.BytesIO(content), formats=["JPEG"]) as image:
                if image.size != (SIDE, SIDE):
                    raise DataError(
                        f"{path}: {picture.name} has {image.size[0]} x {image.size[1]} pixels, "
                        f"expected {SIDE} x {SIDE}; is it the right data set?"
                    )
                result[i] = np.asarray(image.convert("RGB"))
        except (OSError, SyntaxError, ValueError, pillow.DecompressionBombError) as error:
            raise DataError(
                f"{path}: {picture.name} cannot be decoded as JPEG ({error}); copy or download the images again"
            ) from None
    return result


def decode_tree(path: Path, expected: dict[str, int], names: tuple[str, ...]) -> NamedArrays:
    """List and decode a whole tree.

    Parameters
    ----------
    path : Path
        As for `list_tree`.
    expected : dict of str to int
        Images per class in ``"train"`` and ``"test"``, demanded if the classes are `names`: a tree
        from which some images are lost must not pass for the data set.
    names : tuple of str
        Classes of the known data set.

    Returns
    -------
    dict of str to ndarray
        ``train_images``, ``train_labels``, ``test_images``, ``test_labels``, ``classes``.
    """
    classes, pictures = list_tree(path)
    arrays: NamedArrays = {"classes": np.array(classes)}
    for split in SPLITS:
        labels = np.array([p.label for p in pictures[split]], dtype=np.uint8)
        for label, count in enumerate(np.bincount(labels, minlength=len(classes)).tolist()):
            if classes == names and count != expected[split]:
                raise DataError(
                    f"{path}: {count} images in {split}/{classes[label]}, expected {expected[split]}; "
                    "copy or download the images again, and use data.train_samples to use fewer"
                )
        arrays[f"{split}_images"] = decode(path, pictures[split])
        arrays[f"{split}_labels"] = labels
    return arrays
