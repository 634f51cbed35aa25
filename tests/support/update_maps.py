"""Layers in every shape that the update meets, the passes of their updates, and responses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from hw_helpers import layer_plan, pack

from bsff_hw.layer.learning.passes import pass_layout
from bsff_hw.plan import LayerPlan

FIRST = {"channels": 20, "kernel": 1, "padding": 0}


PLAIN = {"channels": 10, "kernel": 3, "padding": 1}


class Case(NamedTuple):
    """A plan, and the most sites that are listed at a time."""

    plan: LayerPlan
    sites: int = 256


CASES = {
    "positions": Case(layer_plan(PLAIN, pixels=(4, 3, 1))),
    "odd rows, banks": Case(layer_plan({**PLAIN, "update_banks": 4}, pixels=(5, 3, 1))),
    "kernel 1": Case(layer_plan({**FIRST, "tile": 2}, pixels=(3, 4, 1), encoding="bitplanes", planes=3)),
    "kernel 2": Case(layer_plan({**PLAIN, "kernel": 2, "padding": 1, "lanes": 5}, pixels=(3, 2, 1))),
    "kernel 3, padding 2": Case(layer_plan({**PLAIN, "padding": 2, "update_banks": 5}, pixels=(2, 3, 1)), 10),
    "kernel 5": Case(layer_plan({**PLAIN, "kernel": 5, "padding": 2, "tiles": 2}, pixels=(3, 4, 1))),
    "kernel 5, padding 3": Case(layer_plan({**PLAIN, "kernel": 5, "padding": 3}, pixels=(2, 3, 1)), 8),
    "chunks": Case(layer_plan({**PLAIN, "update_banks": 3}, pixels=(7, 3, 1)), 6),
    "chunks end past the map": Case(layer_plan({**PLAIN, "update_banks": 2}, pixels=(10, 2, 1)), 8),
    "pool, chunks end past the sites": Case(layer_plan({**PLAIN, "pool": 2}, pixels=(7, 4, 1)), 4),
    "pool": Case(layer_plan({**PLAIN, "pool": 2, "update_banks": 2}, pixels=(5, 5, 1))),
    "pool, kernel 2, counts": Case(
        layer_plan({**FIRST, "channels": 10, "tile": 3}, {**PLAIN, "kernel": 2, "pool": 2, "tile": 2}, pixels=(4, 3, 1))
    ),
    "pool, chunks": Case(layer_plan({**PLAIN, "pool": 2, "tile": 3, "update_banks": 3}, pixels=(7, 4, 1)), 3),
    "counts": Case(layer_plan({**FIRST, "channels": 10, "tile": 2, "tiles": 5}, {**PLAIN, "kernel": 1, "padding": 0}, pixels=(3, 3, 1)), 6),
    "four rows at a time": Case(layer_plan({**PLAIN, "update_banks": 4}, pixels=(13, 2, 1))),
    "four rows at a time, pool": Case(layer_plan({**PLAIN, "pool": 2, "kernel": 5, "padding": 2}, pixels=(15, 4, 1))),
    "four rows at a time, odd chunks": Case(layer_plan({**PLAIN, "kernel": 2, "padding": 0, "update_banks": 2}, pixels=(28, 2, 1)), 14),
    "groups in turn": Case(layer_plan(FIRST, {**FIRST, "groups": 10, "kernel": 2, "banks": 3}, pixels=(3, 3, 1))),
    "groups in pairs": Case(
        layer_plan({**FIRST, "tile": 2, "tiles": 1}, {**FIRST, "groups": 10, "lanes": 4, "tile": 2, "pool": 2}, pixels=(3, 4, 1))
    ),
    "inner folds of groups": Case(
        layer_plan(FIRST, {**FIRST, "channels": 40, "groups": 10, "lanes": 2, "kernel": 2, "padding": 1}, pixels=(2, 2, 1)), 4
    ),
    "all groups": Case(layer_plan(FIRST, {**FIRST, "groups": 10, "lanes": 20, "update_banks": 2}, pixels=(2, 3, 1))),
    "one row": Case(layer_plan({**PLAIN, "kernel": 5, "padding": 2, "update_banks": 2}, pixels=(1, 9, 2))),
    "one row, pool": Case(layer_plan({**PLAIN, "pool": 2, "tile": 2}, pixels=(1, 8, 1))),
    "one row, odd, pool, counts": Case(
        layer_plan({**FIRST, "tile": 3}, {**PLAIN, "kernel": 2, "pool": 2, "update_banks": 3}, pixels=(1, 8, 1))
    ),
    "three classes": Case(layer_plan({**PLAIN, "channels": 6, "pool": 2}, pixels=(4, 5, 1), classes=3)),
    "dense": Case(layer_plan({**FIRST, "tile": 2}, {"kind": "dense", "channels": 20, "lanes": 10, "tile": 2}, pixels=(2, 1, 1))),
}  # fmt: skip


def passes_of(plan: LayerPlan) -> Iterator[dict[str, int]]:
    """Every pass of an update in order: tap by tap, and all folds of each."""
    count = plan.group_in // plan.beat
    for tap in range(plan.taps):
        place, channel = divmod(tap, plan.group_in)
        bank, row = plan.slot(tap)
        for fold in range(plan.folds):
            yield {
                "ky": place // plan.kernel[1],
                "kx": place % plan.kernel[1],
                "unit": channel % plan.beat,
                "beat": fold // plan.inner * count + channel // plan.beat,
                "fold": fold,
                "bank": 1 << bank,
                "address": fold * plan.rows_of_bank + row,
                "tap_first": int(tap == 0),
                "tap_last": int(fold == plan.folds - 1),
                "last": int(tap == plan.taps - 1 and fold == plan.folds - 1),
            }


def packed_pass(plan: LayerPlan, fields: dict[str, int]) -> int:
    word, at = 0, 0
    for name, shape in pass_layout(plan).members.items():
        word |= fields[name] << at
        at += shape.width
    return word


def responses_of(
    plan: LayerPlan, rng: np.random.Generator, *, full: bool = False
) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Responses and winners (sites, channels), random or all the largest, and the beats_of in which they come."""
    shape = (plan.shape.outputs, plan.channels)
    response = np.where(rng.random(shape) < 0.7, rng.integers(0, plan.tile + 1, shape), 0)
    if full:
        response[:] = plan.tile
    winner = rng.integers(0, plan.site_bits, response.shape)
    size = plan.tiles * (plan.tile + plan.response_width)
    words = [
        int(rng.integers(2)) | pack(d, plan.response_width) << (plan.tiles * plan.tile) | pack(w, 2) << size
        for d, w in zip(response.reshape(-1, plan.tiles), winner.reshape(-1, plan.tiles), strict=True)
    ]
    return response, winner, words
