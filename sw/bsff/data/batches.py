"""The official batches of CIFAR-10 and CIFAR-100: python version (folder or tar.gz) and binary version."""

import io
import pickle
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np

from bsff.errors import DataError

from .dataset import Arrays, Bytes
from .folders import missing
from .images import TAR_ERRORS

PIXELS = 3 * 32 * 32
LARGEST = 256 << 20
"""Bytes of a batch in a tar that are still believed; the official ones have at most 156 million."""
AGAIN = "copy or download it again"


@dataclass(frozen=True)
class Batches:
    """What the official files of a data set are."""

    title: str
    """Title for people."""
    records: dict[str, int]
    """Images in each file by its name, without ``.bin``; the last file is the test set."""
    key: str
    """Of the labels in a python batch."""
    label_bytes: int
    """Bytes of labels before the pixels of a binary record; the last of them is used."""
    classes: int
    """Labels are below this."""


CIFAR10 = Batches(
    "CIFAR-10",
    {**{f"data_batch_{i}": 10_000 for i in range(1, 6)}, "test_batch": 10_000},
    key="labels",
    label_bytes=1,
    classes=10,
)
CIFAR100 = Batches("CIFAR-100", {"train": 50_000, "test": 10_000}, key="fine_labels", label_bytes=2, classes=100)


class _Array:
    """Stands in for a numpy array while unpickling: keeps the raw bytes, calls nothing."""

    shape: Any = ()
    raw: Any = b""
    fortran: Any = False

    def __setstate__(self, state: Any) -> None:
        _, self.shape, _, self.fortran, self.raw = state


class _Type:
    """Stands in for a numpy dtype. That the elements are bytes shows in the length of the data."""

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


def _reconstruct(*_: Any) -> _Array:
    return _Array()


def _encode(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes into the older pickle formats; the encoding is always this one."""
    return text.encode("latin-1")


class _Unpickler(pickle.Unpickler):
    """A pickle can name any function and have it called; this one knows only the harmless stand-ins."""

    allowed: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _Type,
        ("_codecs", "encode"): _encode,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.allowed:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, and a batch holds only arrays and lists")
        return self.allowed[module, name]


def _pixels(flat: Bytes) -> Bytes:
    """Planes of red, green and blue to (samples, 32, 32, 3)."""
    return np.ascontiguousarray(flat.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


def parse_pickle(where: str, content: bytes, layout: Batches, records: int) -> tuple[Bytes, Bytes]:
    """Images and labels of one batch of the python version.

    Parameters
    ----------
    where : str
        Begins errors.
    content : bytes
        The file.
    layout : Batches
        What it should be.
    records : int
        Images that it should hold.

    Raises
    ------
    DataError
        If `content` is not such a batch, or asks for anything beyond arrays; `where` is named in it.
    """
    try:
        table = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        # Python 2 wrote the keys as bytes; copies written by Python 3 have text.
        table = {key.decode() if isinstance(key, bytes) else key: value for key, value in table.items()}
        data, labels = table["data"], table[layout.key]
        shape, raw = tuple(data.shape), data.raw
        if not isinstance(raw, bytes):
            raise TypeError("data is not an array of bytes")
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise DataError(
            f"{where}: not a {layout.title} python batch ({type(error).__name__}: {error}); {AGAIN}"
        ) from None
    if shape != (records, PIXELS) or len(raw) != records * PIXELS:
        raise DataError(
            f"{where}: data of {len(raw)} bytes, shape {shape}, expected {records * PIXELS} bytes, "
            f"shape {(records, PIXELS)}; {AGAIN}"
        )
    top = layout.classes - 1
    if (
        not isinstance(labels, list)
        or len(labels) != records
        or not all(isinstance(v, int) and 0 <= v <= top for v in labels)
    ):
        count = len(labels) if isinstance(labels, list) else type(labels).__name__
        raise DataError(f"{where}: labels ({count}) expected as a list of {records} whole numbers 0 to {top}; {AGAIN}")
    flat = np.frombuffer(raw, dtype=np.uint8).reshape(shape, order="F" if data.fortran else "C")
    return _pixels(flat), np.array(labels, dtype=np.uint8)


def parse_binary(where: str, content: bytes, layout: Batches, records: int) -> tuple[Bytes, Bytes]:
    """Images and labels of one batch of the binary version: per record its labels, then the planes.

    Parameters
    ----------
    where, content, layout, records
        As for `parse_pickle`.

    Raises
    ------
    DataError
        If `content` has not the size of a batch; `where` is named in it.
    """
    size = layout.label_bytes + PIXELS
    if len(content) != records * size:
        raise DataError(
            f"{where}: {len(content)} bytes, expected {records * size} ({records} records of {size}); {AGAIN}"
        )
    table = np.frombuffer(content, dtype=np.uint8).reshape(records, size)
    return _pixels(table[:, layout.label_bytes :]), table[:, layout.label_bytes - 1].copy()


def read_folder(folder: Path, layout: Batches, *, binary: bool) -> Arrays:
    """Training images, training labels, test images, test labels of an unpacked official version.

    Raises
    ------
    DataError
        If a batch is missing or damaged.
    """
    suffix = ".bin" if binary else ""
    absent = [f"{name}{suffix}" for name in layout.records if not (folder / f"{name}{suffix}").is_file()]
    if absent:
        raise missing(layout.title, absent, [folder], folder)
    parts = []
    for name, records in layout.records.items():
        path = folder / f"{name}{suffix}"
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror}); check the file") from None
        parts.append((parse_binary if binary else parse_pickle)(str(path), content, layout, records))
    return _joined(parts)


def read_tar(path: Path, layout: Batches, *, binary: bool = False) -> Arrays:
    """The same from the official ``.tar.gz``, which is read but never unpacked.

    Raises
    ------
    DataError
        If the archive or a batch in it is damaged, or if a batch is missing.
    """
    suffix = ".bin" if binary else ""
    wanted = {f"{name}{suffix}": records for name, records in layout.records.items()}
    found = {}
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                name = PurePosixPath(member.name).name
                if not member.isfile() or name not in wanted:
                    continue
                if member.size > LARGEST:
                    raise DataError(
                        f"{path}: {member.name} has {member.size} bytes, expected at most {LARGEST}; {AGAIN}"
                    )
                file = tar.extractfile(member)
                content = file.read() if file else b""
                parse = parse_binary if binary else parse_pickle
                found[name] = parse(f"{path}: {member.name}", content, layout, wanted[name])
    except TAR_ERRORS as error:
        raise DataError(f"{path}: truncated or not a tar archive ({error}); {AGAIN}") from None
    absent = [name for name in wanted if name not in found]
    if absent:
        raise DataError(f"{path}: no {', '.join(absent)} in it, expected {', '.join(wanted)}; {AGAIN}")
    return _joined([found[name] for name in wanted])


def find(folder: Path, layout: Batches, *, python: str, archive: str, binary: str) -> Arrays | None:
    """The official version that a folder holds: python before archive before binary.

    Parameters
    ----------
    folder : Path
        Looked into.
    layout : Batches
        What the files should be.
    python, archive, binary : str
        Names of the unpacked python version, of the archive and of the unpacked binary version; the unpacked files may
        also lie in `folder` itself.

    Returns
    -------
    tuple of ndarray, or None
        None if no version is there.

    Raises
    ------
    DataError
        If the one that is there is incomplete or damaged.
    """
    first = next(iter(layout.records))
    for batches in (folder / python, folder):
        if (batches / first).is_file():
            return read_folder(batches, layout, binary=False)
    if (folder / archive).is_file():
        return read_tar(folder / archive, layout)
    for batches in (folder / binary, folder):
        if (batches / f"{first}.bin").is_file():
            return read_folder(batches, layout, binary=True)
    packed = folder / archive.replace("python", "binary")
    return read_tar(packed, layout, binary=True) if packed.is_file() else None


def _joined(parts: list[tuple[Bytes, Bytes]]) -> Arrays:
    *train, (test_images, test_labels) = parts
    return np.concatenate([p[0] for p in train]), np.concatenate([p[1] for p in train]), test_images, test_labels
