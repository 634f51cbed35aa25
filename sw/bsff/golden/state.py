"""Everything that the machine remembers, with a leading replica axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import CLASSES
from bsff.contract.geometry import Geometry, LayerGeometry
from bsff.errors import CheckpointError

Ints = NDArray[Any]


@dataclass
class LayerState:
    """Memory and registers of a layer; R replicas.

    Attributes
    ----------
    weights : int16, shape (R, groups, taps, C/groups)
    bias : int32, shape (R, C)
        With `formats.BIAS_BITS` bits below the unit of a weight.
    mean : int32, shape (R, C)
        Running mean counts, `goodness.MEAN_BITS` fractional bits.
    activity : int32, shape (R,)
        Running number of ones in the input map.
    pbits, rounding : uint64, shape (R,)
        Generators of the p-bits and of the rounding.
    step, scale, gate : int32, shape (R,)
        Registers written by the host.
    learn : bool, shape (R,)
        False: frozen, nothing but the p-bit generator moves.
    """

    weights: Ints
    bias: Ints
    mean: Ints
    activity: Ints
    pbits: Ints
    rounding: Ints
    step: Ints
    scale: Ints
    gate: Ints
    learn: Ints


@dataclass
class HeadState:
    """Memory and registers of the softmax head; as `LayerState`.

    Attributes
    ----------
    weights : int32, shape (R, rows, 10)
    bias : int32, shape (R, 10)
    """

    weights: Ints
    bias: Ints
    rounding: Ints
    step: Ints
    gate: Ints
    learn: Ints


@dataclass
class NetworkState:
    """The state of R machines."""

    encoder: Ints
    layers: list[LayerState]
    head: HeadState | None

    @property
    def replicas(self) -> int:
        """R."""
        return int(self.encoder.shape[0])

    def blocks(self) -> list[Any]:
        """Layers in order, then the head if there is one."""
        return [*self.layers, *([self.head] if self.head is not None else [])]

    def arrays(self) -> Iterator[tuple[str, Ints]]:
        """Every array with its name, such as ``layer2.weights``, in a fixed order."""
        yield "encoder.stream", self.encoder
        parts: list[tuple[str, Any]] = [(f"layer{i}", layer) for i, layer in enumerate(self.layers, 1)]
        if self.head is not None:
            parts.append(("head", self.head))
        for name, part in parts:
            for spec in fields(part):
                yield f"{name}.{spec.name}", getattr(part, spec.name)

    def copy(self) -> NetworkState:
        """A state that shares nothing with this one."""
        head = self.head
        return NetworkState(
            self.encoder.copy(),
            [LayerState(**{s.name: getattr(layer, s.name).copy() for s in fields(layer)}) for layer in self.layers],
            None if head is None else HeadState(**{s.name: getattr(head, s.name).copy() for s in fields(head)}),
        )

    def assign(self, arrays: dict[str, Ints]) -> None:
        """Overwrite every array in place.

        Raises
        ------
        CheckpointError
            If a name is missing or a shape differs; nothing is written then.
        """
        for name, own in self.arrays():
            if name not in arrays:
                raise CheckpointError(f"{name} is missing: this state belongs to another network or version")
            if arrays[name].shape != own.shape:
                raise CheckpointError(
                    f"{name} has shape {arrays[name].shape}, expected {own.shape}: "
                    "this state belongs to another network"
                )
        for name, own in self.arrays():
            own[...] = arrays[name]


def _layer(layer: LayerGeometry, replicas: int) -> LayerState:
    channels = layer.config.channels
    words = np.ones(replicas, np.uint64)
    zeros = np.zeros(replicas, np.int32)
    return LayerState(
        weights=np.zeros((replicas, layer.config.groups, layer.taps, layer.group_channels), np.int16),
        bias=np.zeros((replicas, channels), np.int32),
        mean=np.zeros((replicas, channels), np.int32),
        activity=zeros.copy(),
        pbits=words.copy(),
        rounding=words.copy(),
        step=zeros.copy(),
        scale=zeros + 1,
        gate=zeros.copy(),
        learn=np.zeros(replicas, np.bool_),
    )


def blank(geometry: Geometry, replicas: int = 1) -> NetworkState:
    """The state after reset: memories cleared, generators at 1, nothing learns."""
    words = np.ones(replicas, np.uint64)
    zeros = np.zeros(replicas, np.int32)
    head = None
    if geometry.head is not None:
        head = HeadState(
            weights=np.zeros((replicas, geometry.head.rows, CLASSES), np.int32),
            bias=np.zeros((replicas, CLASSES), np.int32),
            rounding=words.copy(),
            step=zeros.copy(),
            gate=zeros.copy(),
            learn=np.zeros(replicas, np.bool_),
        )
    return NetworkState(words.copy(), [_layer(layer, replicas) for layer in geometry.layers], head)
