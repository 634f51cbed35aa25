"""Input encodings, one entry each: how the 8-bit pixels of a sample become the bits that the first layer sees.

The schema, the shapes, the golden model, its engine and the float reference follow from this table; the gateware has one of
its own (`bsff_hw.host.encoder`), which the tests compare with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


class Keys(Protocol):
    """The keys of the section ``data`` that encodings read."""

    @property
    def levels(self) -> tuple[int, ...]:
        """Thresholds, rising, 1..255."""

    @property
    def planes(self) -> int:
        """Bits that are kept, 1..8."""


@dataclass(frozen=True)
class Encoding:
    """One way to make bits of pixels."""

    name: str
    """Name in the configuration, ``data.encoding``."""
    planes: Callable[[Keys], int]
    """Given the keys: bits of one pixel and colour."""
    bits: Callable[[Any, Keys, Any], list[Any]]
    """Given the pixels (unsigned 8-bit array of numpy or tensor of PyTorch, any shape), the keys and the random bytes:
    a list with one array of 0 and 1 (or truth values) a plane, each of the pixels' shape."""
    random: bool = False
    """Whether `bits` needs a random byte 0..255 a pixel, drawn in the order row, column, colour; otherwise it gets
    None."""
    single_level: bool = False
    """Whether it takes one level and no more."""


def _reached(pixels: Any, keys: Keys, _: Any) -> list[Any]:
    """1 where the pixel reaches the level."""
    return [pixels >= level for level in keys.levels]


def _drawn(pixels: Any, _: Keys, random: Any) -> list[Any]:
    """A p-bit a pixel, with P(1) = pixel / 256."""
    return [random < pixels]


def _most_significant(pixels: Any, keys: Keys, _: Any) -> list[Any]:
    """The upper bits of the pixel, from the highest."""
    top = 8 * pixels.dtype.itemsize - 1
    return [(pixels >> (top - k)) & 1 for k in range(keys.planes)]


ENCODINGS = {
    entry.name: entry
    for entry in (
        Encoding("threshold", planes=lambda keys: 1, bits=_reached, single_level=True),
        Encoding("bernoulli", planes=lambda keys: 1, bits=_drawn, random=True),
        Encoding("thermometer", planes=lambda keys: len(keys.levels), bits=_reached),
        Encoding("bitplanes", planes=lambda keys: keys.planes, bits=_most_significant),
    )
}
"""Encodings, by name."""
