"""The IDX format of MNIST and its kin, plain or gzip.

An IDX file of bytes is ``00 00 08 d``, then ``d`` sizes (big-endian, 32 bits), then the bytes.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from bsff.config import DATASETS, DataSet
from bsff.errors import DataError

from .dataset import Bytes, Dataset
from .folders import missing

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
AGAIN = "copy or download it again"
LARGEST = 1 << 28
"""Bytes of samples that a header is believed to announce; MNIST has 47 million."""


def read_idx(path: Path, dimensions: int) -> Bytes:
    """Read one IDX file of bytes; a name that ends in ``.gz`` is unpacked.

    Parameters
    ----------
    path : Path
        The file.
    dimensions : int
        Expected number of dimensions: 3 for images, 1 for labels.

    Returns
    -------
    ndarray of uint8
        With the shape that the file states.

    Raises
    ------
    DataError
        If the file cannot be read, is not gzip though named so, has another magic number, or is
        shorter or longer than its header says.
    """
    try:
        with path.open("rb") as file:
            start = file.read(2)
        if path.suffix == ".gz" and start != b"\x1f\x8b":
            raise DataError(
                f"{path}: not gzip: starts with {start.hex() or 'nothing'}, expected 1f8b; "
                f"take .gz off its name if it is unpacked already, else {AGAIN}"
            )
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            header = file.read(4 + 4 * dimensions)
            shape = _shape(path, header, dimensions)
            size = math.prod(shape)
            data = file.read(size + 1)  # one more: to see that nothing follows
    except EOFError:
        raise DataError(f"{path}: truncated: the gzip data ends too early; {AGAIN}") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: damaged gzip data ({error}); {AGAIN}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); check the file") from None
    if len(data) < size:
        raise DataError(
            f"{path}: truncated: found {len(data)} bytes after the header, expected {size} for {shape}; {AGAIN}"
        )
    if len(data) > size:
        raise DataError(f"{path}: wrong size: more than the {size} bytes that its header gives for {shape}; {AGAIN}")
    return np.frombuffer(bytearray(data), dtype=np.uint8).reshape(shape)  # bytearray: the array can be written to


def _shape(path: Path, header: bytes, dimensions: int) -> tuple[int, ...]:
    expected = 0x0800 + dimensions
    if len(header) >= 4 and int.from_bytes(header[:4], "big") != expected:
        raise DataError(
            f"{path}: magic number 0x{header[:4].hex()}, expected 0x{expected:08x} "
            f"(bytes in {dimensions} dimension{'s' if dimensions > 1 else ''}); is it the right file?"
        )
    if len(header) < 4 + 4 * dimensions:
        raise DataError(
            f"{path}: truncated: found {len(header)} bytes, expected a header of {4 + 4 * dimensions}; {AGAIN}"
        )
    shape = struct.unpack(f">{dimensions}I", header[4:])
    if math.prod(shape) > LARGEST:
        raise DataError(f"{path}: its header announces {shape}, expected at most {LARGEST} bytes; {AGAIN}")
    return shape


def load_idx(chosen: DataSet, root: Path) -> Dataset:
    """Load a data set of four IDX files from a folder, or from its usual subfolders.

    Parameters
    ----------
    chosen : DataSet
        Of the format ``idx``.
    root : Path
        Folder that holds the four files, or ``mnist/``, ``fashion-mnist/``, ...

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
    arrays = *_pair(chosen, found[0], found[1]), *_pair(chosen, found[2], found[3])
    first = tuple(arrays[1][:10].tolist())
    for other in DATASETS.values():
        if other.name != chosen.name and first == other.first_labels:
            raise DataError(
                f"{found[1]}: these are the labels of {other.title}, expected {chosen.title}; "
                f"name a folder with {chosen.folders[0]}/ inside, or change data.dataset"
            )
    return Dataset(chosen.name, chosen.title, *arrays, chosen.classes)


def _pair(chosen: DataSet, images_file: Path, labels_file: Path) -> tuple[Bytes, Bytes]:
    images, labels = read_idx(images_file, 3), read_idx(labels_file, 1)
    if len(images) != len(labels):
        raise DataError(
            f"{labels_file}: {len(labels)} labels, expected {len(images)}, one per image of "
            f"{images_file}; do both files belong together?"
        )
    if chosen.shape is not None and images.shape[1:] != chosen.shape[:2]:
        raise DataError(
            f"{images_file}: images of {images.shape[1:]}, expected {chosen.shape[:2]}; is it the right file?"
        )
    return images[..., np.newaxis], labels


def _find(chosen: DataSet, root: Path) -> list[Path]:
    """The four files, all from one folder."""
    folders = [root / folder for folder in chosen.folders]
    lacks: list[tuple[list[str], Path]] = []
    for folder in folders:
        found = [next((p for p in (folder / f"{f}.gz", folder / f) if p.is_file()), None) for f in FILES]
        if None not in found:
            return [p for p in found if p is not None]
        lacks.append(([f"{f}.gz" for f, p in zip(FILES, found, strict=True) if p is None], folder))
    files, put = min(lacks, key=lambda lack: len(lack[0]))  # the folder that has the most, else the first
    raise missing(chosen.title, files, folders, put)
