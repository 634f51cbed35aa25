"""What the compiled functions need to know of a layer or of the head: sizes, memory, registers, tables and scratch."""

from typing import Any, NamedTuple

import numpy as np

from bsff.contract.geometry import HeadGeometry, LayerGeometry
from bsff.contract.numerics import boxcar_width, firing_count, firing_shift, head_shift, noise_scale
from bsff.golden import tables, update
from bsff.golden.state import HeadState, LayerState


class LayerShape(NamedTuple):
    """Plain numbers of a layer; see `config.LayerConfig` and `geometry.LayerGeometry`."""

    kernel_height: int
    kernel_width: int
    above: int
    left: int
    """`above` and `left`: zeros around the input map."""
    height: int
    width: int
    pool: int
    """Positions of a window of the max-pool: 1, 2 or 4."""
    groups: int
    tile: int
    xor: bool
    boxcar: int
    running: bool
    momentum_shift: int
    centre: bool
    reciprocal: int
    weight_max: int
    levels: int
    half: int
    targets: bool
    """Whether biases move towards a target of firing."""
    firing_count: int
    firing_shift: int


class LayerViews(NamedTuple):
    """Views of a layer's state, and its registers as they are now."""

    weights: Any
    """int16, shape (groups * taps, C/groups)."""
    bias: Any
    mean: Any
    """`bias` and `mean`: int32, shape (C,)."""
    activity: Any
    """int32, shape (1,)."""
    pbits: Any
    rounding: Any
    """`pbits` and `rounding`: uint64, shape (1,)."""
    step: int
    scale: int
    gate: int
    learn: bool
    noise_table: Any
    """int32, shape (2**NOISE_BITS,)."""
    narrow: Any
    """int16 or int32, shape (C/groups,). Scratch of a type that holds the sum of eight weights."""


class HeadViews(NamedTuple):
    """Views of the head's state, and its registers as they are now."""

    weights: Any
    """int32, shape (rows, classes)."""
    bias: Any
    """int32, shape (classes,)."""
    rounding: Any
    """uint64, shape (1,)."""
    step: int
    gate: int
    learn: bool
    weight_max: int
    shift: int
    """From sums to logits; see `numerics.head_shift`."""


def shape_of(layer: LayerGeometry) -> LayerShape:
    """The numbers of a layer."""
    config = layer.config
    return LayerShape(
        kernel_height=layer.kernel[0],
        kernel_width=layer.kernel[1],
        above=layer.padding[0],
        left=layer.padding[1],
        height=layer.conv[0],
        width=layer.conv[1],
        pool=layer.pool[0] * layer.pool[1],
        groups=config.groups,
        tile=config.tile,
        xor=config.eligibility == "xor",
        boxcar=boxcar_width(config),
        running=config.normalisation == "running",
        momentum_shift=config.momentum_shift,
        centre=config.centre,
        reciprocal=update.reciprocal(int(np.prod(layer.inputs))),
        weight_max=2 ** (config.weight_bits - 1) - 1,
        levels=layer.levels,
        half=1 << (config.fraction_bits - 1),
        targets=firing_shift(layer) is not None,
        firing_count=firing_count(layer),
        firing_shift=firing_shift(layer) or 0,
    )


def layer_views(layer: LayerGeometry, state: LayerState) -> LayerViews:
    """The state of a layer as compiled functions take it."""
    return LayerViews(
        weights=state.weights.reshape(layer.rows, layer.group_channels),
        bias=state.bias,
        mean=state.mean,
        activity=state.activity.reshape(1),
        pbits=state.pbits.reshape(1),
        rounding=state.rounding.reshape(1),
        step=int(state.step),
        scale=int(state.scale),
        gate=int(state.gate),
        learn=bool(state.learn),
        noise_table=tables.noise_table(layer.config.fraction_bits, noise_scale(layer.config)),
        narrow=np.empty(layer.group_channels, np.int16 if layer.config.weight_bits + 3 <= 16 else np.int32),
    )


def head_views(shape: HeadGeometry, state: HeadState) -> HeadViews:
    """The state of the head as compiled functions take it."""
    return HeadViews(
        weights=state.weights,
        bias=state.bias,
        rounding=state.rounding.reshape(1),
        step=int(state.step),
        gate=int(state.gate),
        learn=bool(state.learn),
        weight_max=2 ** (shape.config.weight_bits - 1) - 1,
        shift=head_shift(shape.config.fraction_bits),
    )
