"""Biases, draws and p-bits of a whole map against the golden model, and the pool behind them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from forward_models import fire_all
from hw_helpers import flow, layer_plan, load_generator, pack, read_port, simulate, unary, unpack
from seeds import rng_for

from bsff.contract.formats import BIAS_BITS
from bsff_hw.layer.forward.fire import Fire

FIRST = {"channels": 20, "kernel": 1, "padding": 0}
PLANS = {
    "a tile a cycle": layer_plan({**FIRST, "channels": 10, "tiles": 1}, pixels=(2, 3, 1)),
    "all at once": layer_plan({**FIRST, "channels": 10, "tiles": 10}, pixels=(2, 2, 1)),
    "folds": layer_plan({**FIRST, "channels": 30, "lanes": 15, "tiles": 3}, pixels=(2, 2, 1)),
    "tiles of three": layer_plan({**FIRST, "tile": 3, "tiles": 2, "fraction_bits": 4, "boxcar": 0.5}, pixels=(1, 3, 1)),
    "xor": layer_plan({**FIRST, "eligibility": "xor", "tiles": 5}, pixels=(1, 3, 1)),
    "xor of tiles": layer_plan({**FIRST, "channels": 10, "eligibility": "xor", "tile": 3, "tiles": 1}, pixels=(2, 2, 1)),
    "whole words": layer_plan({**FIRST, "tile": 2, "tiles": 4}, pixels=(2, 2, 1)),
    "groups": layer_plan(FIRST, {**FIRST, "groups": 10, "lanes": 4, "tiles": 2}, pixels=(1, 3, 1)),
}  # fmt: skip


@pytest.mark.parametrize("idle", [0.0, 0.4])
@pytest.mark.parametrize("name", PLANS)
def test_map(name: str, idle: float, seed: int) -> None:
    plan = PLANS[name]
    rng = rng_for(name, seed)
    dut = Fire(plan)
    top = 2 ** (plan.sum_width - 1)
    shape = (plan.shape.positions, plan.channels)
    sums = rng.normal(0, 2 << plan.shape.config.fraction_bits, shape).astype(int).clip(-top, top - 1)
    sums = np.where(rng.random(shape) < 0.05, rng.choice([-top, top - 1], shape), sums)
    bias = rng.normal(0, 2 << (plan.shape.config.fraction_bits + BIAS_BITS), plan.channels).astype(int)
    bias[:2] = -(2**31), 2**31 - 1
    state = int(rng.integers(1, 2**63))
    count, response, last = fire_all(plan, sums, bias, state)
    expected = [
        unary(n, plan.tile) | pack(d, plan.response_width) << (plan.tiles * plan.tile)
        for n, d in zip(count.reshape(-1, plan.tiles), response.reshape(-1, plan.tiles), strict=True)
    ]
    biases = [pack(b, 32) for b in bias.reshape(-1, plan.tiles)]
    taken, begun, out = [], [], []
    cycle = 0

    async def clock(context: Any) -> None:
        nonlocal cycle
        following = True
        while True:
            room, following = following, bool(rng.random() >= idle)
            context.set(dut.room, room)
            context.set(dut.room_ahead, following)
            *_, valid, ready, fires, gives = await context.tick().sample(
                dut.sums.valid, dut.sums.ready, dut.begun, dut.output.valid
            )
            assert room or not fires
            taken.extend([cycle] * (valid & ready))
            begun.extend([cycle] * fires)
            out.extend([cycle] * gives)
            cycle += 1

    async def feed(context: Any) -> None:
        await load_generator(context, dut.generator, state)
        for fold in sums.reshape(-1, plan.lanes):
            while rng.random() < idle:
                await context.tick()
            context.set(dut.sums.valid, 1)
            context.set(Value.cast(dut.sums.payload), pack(fold, plan.sum_width))
            ready = False
            while not ready:
                *_, ready = await context.tick().sample(dut.sums.ready)
            context.set(dut.sums.valid, 0)

    async def take(context: Any) -> None:
        assert await flow(context, dut.output, len(expected)) == expected
        assert context.get(dut.generator.state) == last

    simulate(dut, feed, take, background=[read_port(dut.biases, biases), clock])
    assert out == [cycle + 4 for cycle in begun]  # what has begun never waits
    if not idle:  # a beat a cycle
        assert begun == list(range(taken[0] + 1, taken[0] + 1 + len(expected)))


def test_one_map_after_another_goes_on_with_the_same_stream(rng: np.random.Generator) -> None:
    """Each position begins with a fresh word."""
    plan = PLANS["tiles of three"]
    dut = Fire(plan)
    sums = rng.normal(0, 500, (4 * plan.shape.positions, plan.channels)).astype(int)
    bias = np.zeros(plan.channels, int)
    count, response, last = fire_all(plan, sums, bias, 1)
    words = []

    async def feed(context: Any) -> None:
        context.set(dut.sums.valid, 1)
        for fold in sums.reshape(-1, plan.lanes):
            context.set(Value.cast(dut.sums.payload), pack(fold, plan.sum_width))
            ready = False
            while not ready:
                *_, ready = await context.tick().sample(dut.sums.ready)
        context.set(dut.sums.valid, 0)

    async def take(context: Any) -> None:
        context.set(dut.room, 1)
        context.set(dut.room_ahead, 1)
        words.extend(await flow(context, dut.output, count.size // plan.tiles))
        assert context.get(dut.generator.state) == last

    simulate(dut, feed, take)
    bits = plan.tiles * plan.tile
    counts = [unpack(w, plan.tile, plan.tiles) for w in words]
    assert [[n.bit_count() for n in c] for c in counts] == count.reshape(-1, plan.tiles).tolist()
    assert [unpack(w >> bits, plan.response_width, plan.tiles) for w in words] == response.reshape(
        -1, plan.tiles
    ).tolist()
