"""What the compiled functions need to know of a layer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bsff.contract.geometry import LayerGeometry
from bsff.contract.numerics import boxcar_width
from bsff.golden import update


class Shape(NamedTuple):
    """Plain numbers of a layer; see `config.LayerConfig` and `geometry.LayerGeometry`."""

    kernel: int
    padding: int
    pool: int
    groups: int
    tile: int
    xor: bool
    boxcar: int
    running: bool
    momentum_shift: int
    centre: bool
    inputs: int
    reciprocal: int
    weight_max: int
    levels: int
    half: int


def shape_of(layer: LayerGeometry) -> Shape:
    """The numbers of a layer."""
    config = layer.config
    inputs = int(np.prod(layer.inputs))
    return Shape(
        kernel=layer.kernel,
        padding=layer.padding,
        pool=config.pool,
        groups=config.groups,
        tile=config.tile,
        xor=config.eligibility == "xor",
        boxcar=boxcar_width(config),
        running=config.normalisation == "running",
        momentum_shift=config.momentum_shift,
        centre=config.centre,
        inputs=inputs,
        reciprocal=update.reciprocal(inputs),
        weight_max=2 ** (config.weight_bits - 1) - 1,
        levels=layer.levels,
        half=1 << (config.fraction_bits - 1),
    )
