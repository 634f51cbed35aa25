"""Folding and widths: what the plan computes is as wide as the largest value needs, and its refusals say what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import layer_plan, plan_of
from machines import buildable, random_config

from bsff.contract.formats import BIAS_BITS, BIAS_WIDTH, ERROR_BITS, GAIN_WIDTH, STEP_WIDTH
from bsff.errors import ConfigError
from bsff.golden import pool, taps, update
from bsff_hw.plan import LayerPlan, plan
from bsff_hw.plan.fold import WINDOW_MAX, divisors

ONE = {"channels": 20, "kernel": 1, "padding": 0}


def test_divisors() -> None:
    assert [divisors(n) for n in (1, 12, 13)] == [[1], [1, 2, 3, 4, 6, 12], [1, 13]]


def bits(value: int) -> int:
    return int(value).bit_length()


def check(own: LayerPlan) -> None:
    """One layer's folding covers it exactly, and its widths hold the extremes that its shape allows."""
    shape, config = own.shape, own.shape.config
    assert own.parts * own.rounds == config.groups
    assert own.row_lanes * own.inner == shape.group_channels
    assert own.lanes * own.folds == config.channels
    assert own.row_lanes == own.row_steps * own.update_lanes
    assert own.tiles * own.beats == config.channels
    assert own.row_lanes % own.tiles == 0
    assert own.beat * own.beats_in == own.channels_in
    assert own.beats_in % own.parts == 0
    assert own.group_in % own.beat == 0
    slots = [own.slot(tap) for tap in range(own.taps)]
    assert len(set(slots)) == own.taps
    assert max(row for _, row in slots) == own.rows_of_bank - 1
    # a channel meets every bank over the places of a large enough kernel, so a busy one slows none of them more than others
    met = {bank for bank, _ in slots[:: own.group_in]}
    assert len(met) == min(own.banks, own.taps // own.group_in)
    assert own.zero_row == own.depth - 1 == own.folds * own.rows_of_bank
    assert own.inputs == np.prod(shape.inputs) == own.height * own.width * own.channels_in
    # sites: each position, or each window of the pool, in one chunk
    sites = shape.outputs if config.pool == 2 else shape.positions
    assert own.chunks * own.chunk_sites >= sites > (own.chunks - 1) * own.chunk_sites
    assert own.chunk_depth * own.site_banks >= own.chunk_sites
    assert own.response_depth == own.folds * own.chunks * own.chunk_depth
    check_widths(own)


def test_gains_fit_their_width() -> None:
    error = np.array([-1, 1]) << ERROR_BITS
    low, high = update.gains(error, 2**STEP_WIDTH - 1).tolist()
    assert -(2 ** (GAIN_WIDTH - 1)) <= low < 0 < high < 2 ** (GAIN_WIDTH - 1)
    assert high >= 2 ** (GAIN_WIDTH - 3)  # at most a bit to spare


def check_widths(own: LayerPlan) -> None:
    """Drive the golden model to its extremes: what comes out fits, and with one bit less would not."""
    shape, config = own.shape, own.shape.config
    inputs = np.full(shape.inputs, shape.levels, np.int64)  # every p-bit of the layer before fired
    active = taps.gather(inputs, shape)
    least = np.full((config.groups, shape.taps, shape.group_channels), -(2 ** (config.weight_bits - 1)), np.int64)
    most = -1 - least
    lowest = taps.accumulate(active, least, np.zeros(config.channels, np.int64)).min()
    assert lowest >= -(2 ** (own.sum_width - 1))
    inside = shape.padding == (0, 0)  # every tap of every position lies in the map, so the bounds are reached
    assert not inside or lowest <= -(2 ** (own.sum_width - 2))
    deepest = taps.accumulate(active, least, np.full(config.channels, -(2 ** (BIAS_WIDTH - BIAS_BITS - 1)))).min()
    assert deepest >= -(2 ** (own.preactivation_width - 1))
    moved = int((most - least).sum(1).max())  # each weight from one end to the other
    assert moved < 2 ** (own.moved_width - 1)
    fired = np.full(shape.conv, config.tile, np.int64)  # every p-bit of this one fires, and responds
    output, response = pool.pool(fired, fired, shape.pool) if config.pool == 2 else (fired, fired)
    response = response.reshape(shape.positions, config.groups, -1).swapaxes(0, 1)
    change = int(np.matmul(active.swapaxes(1, 2), response).max())
    assert change < 2**own.change_width
    assert not inside or change >= 2 ** (own.change_width - 1)
    for width, largest in (
        (own.response_width, int(response.max())),
        (own.count_width, int(output.sum((0, 1)).max())),
        (own.ones_width, int(inputs.sum())),
    ):
        assert 2 ** (width - 1) <= largest < 2**width


def test_random_machines(rng: np.random.Generator) -> None:
    for _ in range(60):
        whole = plan(buildable(lambda: random_config(rng)))
        beats = [whole.layers[0].beat, *(own.tiles for own in whole.layers)]
        assert [own.beat for own in whole.layers] == beats[:-1]
        for own in whole.layers:
            check(own)
        if whole.head is not None:
            for source in whole.head.sources:
                assert source.beat == beats[source.shape.layer + 1]
                assert source.words * source.beat == source.shape.rows
            largest = whole.head.shape.largest * 2 ** (whole.head.weight_bits - 1) + 2**23
            assert largest < 2 ** (whole.head.sum_width - 1)


@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 20, 40])
def test_lanes_of_groups(lanes: int) -> None:
    own = layer_plan(ONE, {**ONE, "channels": 40, "groups": 10, "lanes": lanes})
    assert (own.parts, own.row_lanes) == (max(1, lanes // 4), min(4, lanes))
    check(own)


def test_what_is_chosen_for_zero() -> None:
    own = layer_plan({"channels": 30, "kernel": 3, "banks": 5})
    assert (own.row_lanes, own.tiles, own.site_banks, own.update_lanes) == (30, 3, 5, 3)
    own = layer_plan({"channels": 30, "kernel": 3, "banks": 5, "tiles": 15, "update_banks": 7, "update_lanes": 10})
    assert (own.row_lanes, own.tiles, own.site_banks, own.update_lanes) == (30, 15, 7, 10)
    assert layer_plan({"channels": 10, "kernel": 1, "padding": 0, "banks": 9}).banks == 1  # as many as there are taps
    assert layer_plan(ONE, {"kind": "dense", "channels": 20, "banks": 4}).site_banks == 1  # one position
    # a beat must not straddle the groups of the next layer
    whole = plan_of({**ONE, "channels": 40}, {**ONE, "groups": 10}, {"kind": "dense", "channels": 10})
    assert [own.tiles for own in whole.layers] == [4, 2, 2]
    whole = plan_of({**ONE, "channels": 60}, {**ONE, "groups": 10})
    assert whole.layers[0].tiles == 3


def test_chunks_are_few_and_equal() -> None:
    for side, banks, expected in (
        (1, 4, (14, 56, 4, 4)),
        (2, 4, (14, 14, 14, 1)),
        (1, 1, (14, 56, 1, 14)),
        (2, 1, (14, 14, 4, 4)),
    ):
        layer = {"channels": 10, "kernel": 1, "padding": 0, "pool": side, "update_banks": banks}
        own = layer_plan(layer, pixels=(28, 28, 1))
        assert (own.site_rows, own.row_sites, own.chunk_rows, own.chunks) == expected


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [ONE, {**ONE, "groups": 10, "lanes": 6}],
            "layer[2].lanes = 6: holds 3 of 10 groups at a time; expected a number of groups that divides 10",
        ),
        ([{**ONE, "tiles": 3}], "layer[1].tiles = 3: expected one of 1, 2, 4, 5, 10, 20, or 0 to choose"),
        ([{**ONE, "tiles": 4}, {**ONE, "groups": 10}], "layer[1].tiles = 4: expected one of 1, 2, or 0 to choose"),
        (
            [{**ONE, "lanes": 10, "update_lanes": 20}],
            "layer[1].update_lanes = 20: expected one of 1, 2, 5, 10, or 0 to choose",
        ),
        (
            [{**ONE, "channels": 140}, {"kind": "dense", "channels": 10, "weight_bits": 8, "fraction_bits": 4}],
            f"layer[2]: a position sees 8,960 input bits, the gateware holds at most {WINDOW_MAX:,} at once; "
            "use a convolution, or pool before a dense layer",
        ),
    ],
)
def test_refuses(layers: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan_of(*layers)
    assert str(caught.value) == message
