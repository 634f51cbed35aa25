"""Features to 8 bits, by a rule that is fitted on the training samples and kept with the model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.errors import DataError

RULES = {
    "minmax": "each feature's own range to 0 to 255",
    "quantiles": "each feature's rank among the training samples to 0 to 255",
    "common": "one range, that of all features together, to 0 to 255",
}
"""What each rule does."""
LEVELS = 256
CHUNK = 1 << 20
"""Values at a time: temporaries of 8 bytes each stay small beside the samples."""
PREFIX = "scaling_"


@dataclass(frozen=True, eq=False)
class Scaling:
    """How features become 8 bits.

    Parameters
    ----------
    rule : str
        One of `RULES`.
    shape : tuple of int
        Shape of a sample.
    edges : ndarray of float64
        Rising along the first axis. ``minmax``: (2, features), the ends of each feature's range. ``common``: (2, 1).
        ``quantiles``: (256, features), edge j the training value of rank ``round(j (n - 1) / 255)`` of n.

    Raises
    ------
    DataError
        If the edges do not fit the rule and the shape.

    Notes
    -----
    A value x between the ends a < b of a range becomes ``floor(255 (x - a) / (b - a) + 1/2)``: a difference, a
    division, a product and a sum, each correctly rounded by IEEE 754, so the bits are the same on every machine.
    Quantiles only compare: x becomes the mean, rounded down, of the first and the last edge that equal it, or the last
    edge below it. Values out of range are clipped to 0 and 255; a feature that was constant becomes 0.
    """

    rule: str
    shape: tuple[int, ...]
    edges: NDArray[np.float64]

    def __post_init__(self) -> None:
        features = math.prod(self.shape)
        sizes = {"minmax": (2, features), "quantiles": (LEVELS, features), "common": (2, 1)}
        if self.rule not in sizes:
            raise DataError(f'scaling = "{self.rule}": expected one of {", ".join(RULES)}')
        edges = self.edges
        if edges.dtype != np.float64 or edges.shape != sizes[self.rule] or features < 1:
            raise DataError(
                f"scaling {self.rule}: edges are {edges.dtype} {edges.shape}, expected float64 {sizes[self.rule]} for "
                f"samples of {self.shape}; was it made for other data?"
            )
        if not np.isfinite(edges).all() or (edges[1:] < edges[:-1]).any():
            raise DataError(f"scaling {self.rule}: its edges are not rising numbers; fit it again")

    @classmethod
    def fit(cls, values: NDArray[Any], rule: str) -> Scaling:
        """Fit a rule.

        Parameters
        ----------
        values : ndarray, shape (samples, ...)
            Training samples, real numbers.
        rule : str
            One of `RULES`.

        Raises
        ------
        DataError
            If there is no sample or no feature, or if a value is no finite number: the first such is named.
        """
        if rule not in RULES:
            raise DataError(f'scaling = "{rule}": expected one of {", ".join(RULES)}')
        _check_kind(values)
        if values.ndim < 2 or 0 in values.shape:
            raise DataError(f"scaling {rule}: values are {values.shape}, expected (samples, features)")
        for _ in _chunks(values):  # every value is looked at
            pass
        flat = values.reshape(len(values), -1)
        if rule == "common":
            edges = np.array([[flat.min()], [flat.max()]], dtype=np.float64)
        elif rule == "minmax":
            edges = np.stack([flat.min(axis=0), flat.max(axis=0)]).astype(np.float64)
        else:
            last = len(flat) - 1
            ranks = [(2 * j * last + LEVELS - 1) // (2 * (LEVELS - 1)) for j in range(LEVELS)]
            edges = np.empty((LEVELS, flat.shape[1]), dtype=np.float64)
            for feature in range(flat.shape[1]):
                edges[:, feature] = np.sort(flat[:, feature].astype(np.float64))[ranks]
        with np.errstate(over="ignore"):
            wide = ~np.isfinite(edges[-1] - edges[0])
        if wide.any():
            at = int(wide.argmax())
            raise DataError(
                f"scaling {rule}: values from {edges[0, at]} to {edges[-1, at]}, a range that double precision cannot "
                "hold; expected numbers below 1e307"
            )
        return cls(rule, values.shape[1:], edges)

    def apply(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """The values in 8 bits.

        Parameters
        ----------
        values : ndarray, shape (samples, ...)
            Each sample of the shape of those that were fitted.

        Returns
        -------
        ndarray of uint8, same shape

        Raises
        ------
        DataError
            If samples have another shape, or if a value is no finite number: the first such is named.
        """
        _check_kind(values)
        if values.shape[1:] != self.shape:
            raise DataError(
                f"samples of {values.shape[1:]}, expected {self.shape}, the shape of those to which the scaling was fitted"
            )
        result = np.empty(values.shape, dtype=np.uint8)
        for start, part in _chunks(values):
            scaled = self._ranks(part) if self.rule == "quantiles" else self._spread(part)
            result[start : start + len(part)] = scaled.reshape(-1, *self.shape)
        return result

    def _spread(self, part: NDArray[np.float64]) -> NDArray[np.uint8]:
        low, high = self.edges
        width = high - low
        inside = np.clip(part, low, high)
        scaled = (inside - low) / np.where(width == 0, 1, width) * (LEVELS - 1)
        return np.floor(scaled + 0.5).astype(np.uint8)

    def _ranks(self, part: NDArray[np.float64]) -> NDArray[np.uint8]:
        result = np.empty(part.shape, dtype=np.uint8)
        for feature in range(part.shape[1]):
            edges, x = self.edges[:, feature], part[:, feature]
            first = np.searchsorted(edges, x, side="left")
            last = np.searchsorted(edges, x, side="right") - 1
            middle = (first + last) // 2
            middle[x <= edges[0]] = 0
            middle[x >= edges[-1]] = LEVELS - 1 if edges[0] < edges[-1] else 0
            result[:, feature] = middle
        return result

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The scaling as arrays by name, to be kept in an ``.npz`` beside others; see `from_arrays`."""
        return {
            f"{PREFIX}rule": np.array(self.rule),
            f"{PREFIX}shape": np.array(self.shape, dtype=np.int64),
            f"{PREFIX}edges": self.edges,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Scaling:
        """What `to_arrays` gave; other arrays are ignored.

        Raises
        ------
        DataError
            If one is missing or damaged.
        """
        try:
            rule, shape, edges = (arrays[f"{PREFIX}{name}"] for name in ("rule", "shape", "edges"))
            return cls(str(rule), tuple(int(n) for n in shape), np.asarray(edges))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"scaling: not what was kept with the model ({type(error).__name__}: {error}); save it again"
            ) from None


def _check_kind(values: NDArray[Any]) -> None:
    if values.dtype.kind not in "buif":
        raise DataError(f"values are {values.dtype}, expected real numbers; convert texts and objects to numbers first")


def _chunks(values: NDArray[Any]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """The samples in parts, as (first sample, float64 of shape (samples, features)), each value checked."""
    step = max(1, CHUNK // max(1, math.prod(values.shape[1:])))
    for start in range(0, len(values), step):
        part = values[start : start + step]
        part = part.reshape(len(part), -1).astype(np.float64)
        wrong = ~np.isfinite(part)
        if wrong.any():
            row, column = np.unravel_index(int(wrong.argmax()), wrong.shape)
            place = np.unravel_index(int(column), values.shape[1:])
            at = ", ".join(str(int(i)) for i in place)
            raise DataError(
                f"sample {start + int(row)}, feature {at}: {part[row, column]}, expected a finite number; fill it in or "
                "leave the sample out"
            )
        yield start, part
