"""From the folding keys of a configuration to the plan of a layer."""

import math

from bsff.contract.geometry import LayerGeometry
from bsff.errors import ConfigError

from .layer import LayerPlan

WINDOW_MAX = 8192
"""Bits of a window register that we are ready to build; a dense layer holds its whole input in one."""


def divisors(number: int) -> list[int]:
    """All divisors, rising."""
    return [d for d in range(1, number + 1) if number % d == 0]


def _largest(candidates: list[int], limit: int) -> int:
    """The largest candidate not above `limit`; the smallest if all are."""
    return max((c for c in candidates if c <= limit), default=min(candidates))


def fold_layer(number: int, layer: LayerGeometry, beat: int, following: LayerGeometry | None) -> LayerPlan:
    """Plan a layer.

    Parameters
    ----------
    number : int
        Number of the layer, from 1, for errors.
    beat : int
        Channels of a beat of its input.
    following : LayerGeometry, optional
        The next layer, whose groups decide on the beats of this one.

    Raises
    ------
    ConfigError
        If a folding key does not fit, or a position sees more inputs than the gateware can hold.
    """
    config = layer.config
    where = f"layer[{number}]"
    lanes = layer.lanes
    parts = max(1, lanes // layer.group_channels)
    if config.groups % parts:
        raise ConfigError(
            f"{where}.lanes = {config.lanes}: holds {parts} of {config.groups} groups at a time; expected a number of groups "
            f"that divides {config.groups}"
        )
    row_lanes = min(lanes, layer.group_channels)
    banks = min(config.banks, layer.taps)
    fitting = able = divisors(row_lanes)
    if following is not None and following.config.kind == "conv" and following.config.groups > 1:
        own = following.inputs[2] // following.config.groups
        able = [t for t in able if own % t == 0]  # a transfer must not straddle the groups of the next layer
    tiles = _fold(f"{where}.tiles", config.tiles, able, _largest(able, 4))
    sites = layer.outputs if math.prod(layer.pool) > 1 else layer.positions
    site_banks = min(config.update_banks or banks, sites)
    tenth = _largest(fitting, max(1, row_lanes // 10))
    update_lanes = _fold(f"{where}.update_lanes", config.update_lanes, fitting, tenth)
    inner = layer.group_channels // row_lanes
    plan = LayerPlan(layer, beat, parts, row_lanes, inner, banks, tiles, site_banks, update_lanes)
    bits = plan.window_bits
    if bits > WINDOW_MAX:
        raise ConfigError(
            f"{where}: a position sees {bits:,} input bits, the gateware holds at most {WINDOW_MAX:,} at once; "
            "use a convolution, or pool before a dense layer"
        )
    return plan


def _fold(name: str, value: int, able: list[int], automatic: int) -> int:
    """A folding key: `automatic` where it is 0, else one of the numbers that fit."""
    if value == 0:
        return automatic
    if value not in able:
        raise ConfigError(f"{name} = {value}: expected one of {', '.join(map(str, able))}, or 0 to choose")
    return value
