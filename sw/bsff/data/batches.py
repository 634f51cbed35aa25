"""The official CIFAR-10 batches: python version (folder or tar.gz) and binary version."""

import io
import pickle
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np

from bsff.errors import DataError

from .dataset import Arrays, Bytes
from .folders import missing
from .images import TAR_ERRORS

FILES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
RECORDS = 10_000
PIXELS = 3 * 32 * 32
LARGEST = 64 << 20
"""Bytes of a batch in a tar that are still believed; the official ones have 31 million."""
AGAIN = "copy or download it again"


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


def parse_pickle(where: str, content: bytes) -> tuple[Bytes, Bytes]:
    """Images and labels of one batch of the python version.

    Raises
    ------
    DataError
        If `content` is not such a batch, or asks for anything beyond arrays; `where` is named in it.
    """
    try:
        table = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        # Python 2 wrote the keys as bytes; copies written by Python 3 have text.
        table = {key.decode() if isinstance(key, bytes) else key: value for key, value in table.items()}
        data, labels = table["data"], table["labels"]
        shape, raw = tuple(data.shape), data.raw
        if not isinstance(raw, bytes):
            raise TypeError("data is not an array of bytes")
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise DataError(f"{where}: not a CIFAR-10 python batch ({type(error).__name__}: {error}); {AGAIN}") from None
    if shape != (RECORDS, PIXELS) or len(raw) != RECORDS * PIXELS:
        raise DataError(
            f"{where}: data of {len(raw)} bytes, shape {shape}, expected {RECORDS * PIXELS} bytes, "
            f"shape {(RECORDS, PIXELS)}; {AGAIN}"
        )
    if (
        not isinstance(labels, list)
        or len(labels) != RECORDS
        or not all(isinstance(v, int) and 0 <= v <= 9 for v in labels)
    ):
        count = len(labels) if isinstance(labels, list) else type(labels).__name__
        raise DataError(f"{where}: labels ({count}) expected as a list of {RECORDS} whole numbers 0 to 9; {AGAIN}")
    flat = np.frombuffer(raw, dtype=np.uint8).reshape(shape, order="F" if data.fortran else "C")
    return _pixels(flat), np.array(labels, dtype=np.uint8)


def parse_binary(where: str, content: bytes) -> tuple[Bytes, Bytes]:
    """Images and labels of one batch of the binary version: per record a label, then the planes.

    Raises
    ------
    DataError
        If `content` has not the size of a batch; `where` is named in it.
    """
    if len(content) != RECORDS * (1 + PIXELS):
        raise DataError(
            f"{where}: {len(content)} bytes, expected {RECORDS * (1 + PIXELS)} "
            f"({RECORDS} records of {1 + PIXELS}); {AGAIN}"
        )
    records = np.frombuffer(content, dtype=np.uint8).reshape(RECORDS, 1 + PIXELS)
    return _pixels(records[:, 1:]), records[:, 0].copy()


def read_folder(folder: Path, *, binary: bool) -> Arrays:
    """Training images, training labels, test images, test labels of an unpacked official version.

    Raises
    ------
    DataError
        If a batch is missing or damaged.
    """
    paths = [folder / (f"{name}.bin" if binary else name) for name in FILES]
    absent = [p.name for p in paths if not p.is_file()]
    if absent:
        raise missing("CIFAR-10", absent, [folder], folder)
    parts = []
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror}); check the file") from None
        parts.append((parse_binary if binary else parse_pickle)(str(path), content))
    return _joined(parts)


def read_tar(path: Path) -> Arrays:
    """The same from ``cifar-10-python.tar.gz``, which is read but never unpacked.

    Raises
    ------
    DataError
        If the archive or a batch in it is damaged, or if a batch is missing.
    """
    found = {}
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                name = PurePosixPath(member.name).name
                if not member.isfile() or name not in FILES:
                    continue
                if member.size > LARGEST:
                    raise DataError(
                        f"{path}: {member.name} has {member.size} bytes, expected at most {LARGEST}; {AGAIN}"
                    )
                file = tar.extractfile(member)
                found[name] = parse_pickle(f"{path}: {member.name}", file.read() if file else b"")
    except TAR_ERRORS as error:
        raise DataError(f"{path}: truncated or not a tar archive ({error}); {AGAIN}") from None
    absent = [name for name in FILES if name not in found]
    if absent:
        raise DataError(f"{path}: no {', '.join(absent)} in it, expected {', '.join(FILES)}; {AGAIN}")
    return _joined([found[name] for name in FILES])


def _joined(parts: list[tuple[Bytes, Bytes]]) -> Arrays:
    *train, (test_images, test_labels) = parts
    return np.concatenate([p[0] for p in train]), np.concatenate([p[1] for p in train]), test_images, test_labels
