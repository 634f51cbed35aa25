"""The 2x2 max-pool against `golden.pool.pool`: odd edges, ties, one beat a position or several."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from forward_models import fired, pooled
from hw_helpers import flow, layer_plan, random_map, send, simulate
from seeds import rng_for

from bsff_hw.layer.forward.pool import Pool

POOLED = {"channels": 10, "kernel": 1, "padding": 0, "pool": 2}
PLANS = {
    "one beat": layer_plan({**POOLED, "tiles": 10}, pixels=(4, 4, 1)),
    "one beat, odd": layer_plan({**POOLED, "tiles": 10, "tile": 2}, pixels=(5, 3, 1)),
    "two beats": layer_plan({**POOLED, "tiles": 5, "tile": 3}, pixels=(2, 2, 1)),
    "two beats, odd": layer_plan({**POOLED, "tiles": 5}, pixels=(3, 5, 1)),
    "a channel a beat": layer_plan({**POOLED, "tiles": 1, "tile": 2, "eligibility": "xor"}, pixels=(4, 5, 1)),
    "one row": layer_plan({**POOLED, "tiles": 10, "tile": 2}, pixels=(1, 6, 1)),
    "one row, odd, two beats": layer_plan({**POOLED, "tiles": 5}, pixels=(1, 7, 1)),
    "one window": layer_plan({**POOLED, "tiles": 10}, pixels=(3, 3, 1)),
}


@pytest.mark.parametrize("idle", [0.0, 0.4])
@pytest.mark.parametrize("name", PLANS)
def test_pool(name: str, idle: float, seed: int) -> None:
    plan = PLANS[name]
    rng = rng_for(name, seed)
    maps = [random_map(rng, plan.shape.conv, plan.tile) for _ in range(8)]
    responses = [rng.integers(0, plan.tile + 1, plan.shape.conv) for _ in maps]
    dut = Pool(plan)
    words = [w for n, d in zip(maps, responses, strict=True) for w in fired(n, d, plan)]
    expected = [w for n, d in zip(maps, responses, strict=True) for w in pooled(n, d, plan)]
    taken, given, absorbed, cycle = [], [], [], 0

    async def clock(context: Any) -> None:
        nonlocal cycle
        while True:
            *_, valid, gives, stays = await context.tick().sample(dut.input.valid, dut.output.valid, dut.absorbed)
            taken.extend([cycle] * valid)
            given.extend([cycle] * gives)
            absorbed.extend([cycle] * stays)
            cycle += 1

    async def feed(context: Any) -> None:
        await send(context, dut.input, words, rng, idle)

    async def take(context: Any) -> None:
        assert await flow(context, dut.output, len(expected)) == expected

    simulate(dut, feed, take, background=[clock])
    # of each beat it is said in the cycle after it whether one leaves; the simulation ends with the last one that does
    assert sorted(given + absorbed) == [cycle + 1 for cycle in taken][: len(given + absorbed)]
    if not idle:  # one beat a cycle; a window leaves a cycle after its last position
        height, width, _ = plan.shape.conv
        assert taken == list(range(len(taken)))
        ends = np.arange(len(maps) * height * width * plan.beats).reshape(len(maps), height, width, plan.beats)
        h, w = plan.shape.output[:2]
        high, wide = plan.pool
        last = ends[:, high - 1 : high * h : high, wide - 1 : wide * w : wide]
        assert given == (last + 1).ravel().tolist()


def test_without_a_pool_everything_passes_at_once(rng: np.random.Generator) -> None:
    plan = layer_plan({**POOLED, "pool": 1, "tile": 2, "tiles": 5}, pixels=(1, 2, 1))
    dut = Pool(plan)
    shape = (2, 10, 10)
    count, response = (rng.integers(0, 3, shape) for _ in range(2))
    none = np.zeros(shape, int)

    async def bench(context: Any) -> None:
        for word, through in zip(fired(count, response, plan), fired(count, response, plan, none), strict=True):
            for valid in (1, 0):
                context.set(dut.input.valid, valid)
                context.set(dut.input.payload.as_value(), word)
                assert context.get(dut.output.valid) == valid
                assert context.get(dut.output.payload.as_value()) == through
                assert not context.get(dut.absorbed)

    simulate(dut, bench, clocked=False)
