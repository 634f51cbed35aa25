"""The IDX format of MNIST and its kin, plain or gzip.

An IDX file of bytes is ``00 00 08 d``, then ``d`` sizes (big-endian, 32 bits), then the bytes.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from bsff.errors import DataError

from .dataset import Bytes

AGAIN = "copy or download it again"
LARGEST = 1 << 30
"""Bytes of samples that a header is believed to announce; the largest part of EMNIST has 547 million."""


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
    except MemoryError:
        raise DataError(
            f"{path}: its header announces {shape}, more than the memory holds; use fewer samples"
        ) from None
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
