"""Everything that the machine remembers. A register or a generator is an array of shape (), written by ``x[...] = 1``."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import blocks
from bsff.contract.geometry import Geometry, LayerGeometry
from bsff.errors import CheckpointError

Ints = NDArray[Any]


@dataclass
class LayerState:
    """Memory and registers of a layer."""

    weights: Ints
    """int16, shape (groups, taps, C/groups)."""
    bias: Ints
    """int32, shape (C,). With `formats.BIAS_BITS` bits below the unit of a weight."""
    mean: Ints
    """int32, shape (C,). Running mean counts, `goodness.MEAN_BITS` fractional bits."""
    activity: Ints
    """int32, shape (). Running number of ones in the input map."""
    pbits: Ints
    rounding: Ints
    """`pbits` and `rounding`: uint64, shape (). Generators of the p-bits and of the rounding."""
    step: Ints
    scale: Ints
    gate: Ints
    """`step`, `scale` and `gate`: int32, shape (). Registers written by the host."""
    learn: Ints
    """bool, shape (). False: frozen, nothing but the p-bit generator moves."""


@dataclass
class HeadState:
    """Memory and registers of the softmax head; as `LayerState`."""

    weights: Ints
    """int32, shape (rows, classes)."""
    bias: Ints
    """int32, shape (classes,)."""
    rounding: Ints
    step: Ints
    gate: Ints
    learn: Ints


@dataclass
class NetworkState:
    """The state of a machine."""

    encoder: Ints
    layers: list[LayerState]
    head: HeadState | None

    @property
    def blocks(self) -> dict[str, LayerState | HeadState]:
        """Layers and head by name; see `config.blocks`."""
        return blocks(self.layers, self.head)

    def arrays(self) -> Iterator[tuple[str, Ints]]:
        """Every array with its name, such as ``layer2.weights``, in a fixed order."""
        yield "encoder.stream", self.encoder
        for name, part in self.blocks.items():
            for spec in fields(part):
                yield f"{name}.{spec.name}", getattr(part, spec.name)

    def copy(self) -> NetworkState:
        """A state that shares nothing with this one."""
        return copy.deepcopy(self)

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


def blank(geometry: Geometry) -> NetworkState:
    """The state after reset: memories cleared, generators at 1, nothing learns."""
    head = None
    if geometry.head is not None:
        head = HeadState(
            weights=np.zeros((geometry.head.rows, geometry.classes), np.int32),
            bias=np.zeros(geometry.classes, np.int32),
            rounding=np.array(1, np.uint64),
            step=np.array(0, np.int32),
            gate=np.array(0, np.int32),
            learn=np.array(False),
        )
    return NetworkState(np.array(1, np.uint64), [_layer(layer) for layer in geometry.layers], head)


def _layer(layer: LayerGeometry) -> LayerState:
    return LayerState(
        weights=np.zeros((layer.config.groups, layer.taps, layer.group_channels), np.int16),
        bias=np.zeros(layer.config.channels, np.int32),
        mean=np.zeros(layer.config.channels, np.int32),
        activity=np.array(0, np.int32),
        pbits=np.array(1, np.uint64),
        rounding=np.array(1, np.uint64),
        step=np.array(0, np.int32),
        scale=np.array(1, np.int32),
        gate=np.array(0, np.int32),
        learn=np.array(False),
    )
