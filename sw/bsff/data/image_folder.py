"""The user's images in folders: ``CLASS/*.png``, or ``train/CLASS/*.png`` with ``test/CLASS/*.png``."""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bsff.errors import DataError

from .arrays import Shape, from_arrays
from .dataset import Bytes, Dataset, some
from .pictures import SUFFIXES, read_picture, to_size

NOISE = ("thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir")
"""What systems leave in folders, in small letters; so do names that begin with a dot."""
TRAIN = ("train", "training")
TEST = ("test", "testing", "val", "valid", "validation")
"""Names of the folders of the two parts, in the order in which they are looked for; capitals do not matter."""
LAYOUT = "folders CLASS/*.png, or train/CLASS/*.png with test/CLASS/*.png"


class Part(NamedTuple):
    """The files of one part, classes taking turns: the first N hold the classes in equal parts."""

    files: list[Path]
    labels: list[str]


def load_image_folder(folder: Path, shape: Shape | None = None) -> Dataset:
    """Read a folder of images.

    Parameters
    ----------
    folder : Path
        With a folder for each class, or with ``train/`` and ``test/`` that have them; where there is no ``test/``, with
        ``val/``, ``valid/`` or ``validation/``. Files that hide and those that systems leave are passed over.
    shape : (height, width, colours), optional
        To which images are brought, see `pictures.to_size`. Without it the images have one size, and are in colour if
        one of them is.

    Returns
    -------
    Dataset
        Without a test part a fifth is for testing.

    Raises
    ------
    DataError
        If a class is empty or exists in one part only, if a file among the images is none or cannot be decoded, if
        sizes differ and none is given.
    """
    if shape is not None and shape[2] not in (1, 3):
        raise DataError(f"data.input = {list(shape)}: expected 1 colour (grey) or 3 for the images of {folder}")
    train = _part(folder, TRAIN)
    if train is None:
        if (lone := _part(folder, TEST)) is not None:
            raise DataError(f"{folder}: {lone.name}/ but no train/; expected {LAYOUT}")
        parts = [list_classes(folder)]
        used = ""
    else:
        test = _part(folder, TEST)
        parts = [list_classes(part) for part in (train, test) if part is not None]
        used = "" if test is None else test.name
        if test is not None:
            _check_same(folder, parts[0], parts[1], train.name, test.name)
    label = folder.resolve().name
    if used and used.lower() not in TEST[:2]:
        print(f"bsff: {folder}: no test/, {used}/ is used for testing", file=sys.stderr, flush=True)
        label += f", tested on {used}/"
    pixels = _read(parts, shape)
    return from_arrays(
        pixels[0],
        parts[0].labels,
        names=sorted(set(parts[0].labels)),
        test=(pixels[1], parts[1].labels) if len(parts) > 1 else None,
        label=label,
    )


def list_classes(folder: Path) -> Part:
    """The images of a folder with a folder for each class, by file name, classes taking turns.

    Raises
    ------
    DataError
        If there are no classes, if one has no image, or if something among the images is none.
    """
    ranked = []
    for place in _visible(folder):
        if not place.is_dir():
            if place.suffix.lower() in SUFFIXES:
                raise DataError(f"{place}: an image outside the folders of the classes; expected {LAYOUT}")
            continue  # a README or a licence beside the classes
        files = _visible(place)
        for file in files:
            if not file.is_file() or file.suffix.lower() not in SUFFIXES:
                raise DataError(
                    f"{file}: no image among those of a class; expected {', '.join(SUFFIXES)} files only, move it elsewhere"
                )
        if not files:
            raise DataError(f"{place}: a class without images; add some or remove the folder")
        ranked += [(rank, place.name, file) for rank, file in enumerate(files)]
    if not ranked:
        raise DataError(f"{folder}: no images; expected {LAYOUT}")
    ranked.sort(key=lambda r: r[:2])
    return Part([file for _, _, file in ranked], [name for _, name, _ in ranked])


def _visible(folder: Path) -> list[Path]:
    found = [p for p in folder.iterdir() if not p.name.startswith(".") and p.name.lower() not in NOISE]
    return sorted(found, key=lambda p: p.name)


def _part(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The folder of a part: one of the names, with folders inside. With images inside it is a class of that name."""
    places = {p.name.lower(): p for p in _visible(folder) if p.is_dir() and any(q.is_dir() for q in _visible(p))}
    return next((places[name] for name in names if name in places), None)


def _check_same(folder: Path, train: Part, test: Part, *names: str) -> None:
    classes = set(train.labels), set(test.labels)
    for here, there, name in ((0, 1, names[0]), (1, 0, names[1])):
        lone = sorted(classes[here] - classes[there])
        if lone:
            raise DataError(
                f"{folder}: class {some(lone)} is in {name}/ only; expected the same classes in {names[0]}/ and {names[1]}/"
            )


def _read(parts: list[Part], shape: Shape | None) -> list[Bytes]:
    """The pixels of the parts, all of one shape."""
    if shape is not None:
        return [np.stack([to_size(read_picture(file), *shape) for file in part.files]) for part in parts]
    first = parts[0].files[0]
    pixels: list[list[Bytes]] = [[] for _ in parts]
    for part, found in zip(parts, pixels, strict=True):
        for file in part.files:
            found.append(np.asarray(read_picture(file)))
            sizes = [array.shape[:2] for array in (pixels[0][0], found[-1])]
            if sizes[0] != sizes[1]:
                texts = [f"{w} x {h} ({p.name})" for p, (h, w) in zip((first, file), sizes, strict=True)]
                raise DataError(
                    f"{file.parent.parent}: images of several sizes, {texts[0]} and {texts[1]}; set data.input = "
                    "[height, width, colours] to bring all to one"
                )
    colour = any(array.ndim == 3 for found in pixels for array in found)
    return [np.stack([_coloured(array) if colour else array for array in found]) for found in pixels]


def _coloured(pixels: Bytes) -> Bytes:
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., np.newaxis], 3, axis=2)
