"""The 2x2 max-pool against `golden.pool.pool`: odd edges, ties, one beat a position or several."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import layer_plan, pack, random_map, receive, send, simulate, unary
from seeds import rng_for

from bsff.golden import pool
from bsff_hw.layer.forward.pool import Pool
from bsff_hw.plan import LayerPlan

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


def fired(count: np.ndarray, response: np.ndarray, plan: LayerPlan, winner: np.ndarray | None = None) -> list[int]:
    """Beats of a map (height, width, channels)."""
    words = []
    for at in range(0, count.size, plan.tiles):
        own = slice(at, at + plan.tiles)
        word, size = unary(count.ravel()[own], plan.tile), plan.tiles * plan.tile
        word |= pack(response.ravel()[own], plan.response_width) << size
        if winner is not None:
            word |= pack(winner.ravel()[own], 2) << (size + plan.tiles * plan.response_width)
        words.append(word)
    return words


def pooled(count: np.ndarray, response: np.ndarray, plan: LayerPlan) -> list[int]:
    """What leaves the pool: the golden model's maxima and the only response that it leaves in each window."""
    high, wide = plan.pool
    most, kept = pool.pool(count[None], response[None], plan.pool)
    h, w = plan.shape.output[:2]

    def windows(values: np.ndarray) -> np.ndarray:
        parts = values[: high * h, : wide * w].reshape(h, high, w, wide, -1)
        return parts.transpose(0, 2, 1, 3, 4).reshape(h, w, high * wide, -1)

    return fired(most[0], windows(kept[0]).sum(2), plan, windows(count).argmax(2))


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
    taken, given, cycle = [], [], 0

    async def clock(context: Any) -> None:
        nonlocal cycle
        while True:
            *_, valid, ready, gives, takes = await context.tick().sample(
                dut.input.valid, dut.input.ready, dut.output.valid, dut.output.ready
            )
            taken.extend([cycle] * (valid & ready))
            given.extend([cycle] * (gives & takes))
            cycle += 1

    async def feed(context: Any) -> None:
        await send(context, dut.input, words, rng, idle)

    async def take(context: Any) -> None:
        assert await receive(context, dut.output, len(expected), rng, idle) == expected

    simulate(dut, feed, take, background=[clock])
    if not idle:  # one beat a cycle; a window leaves a cycle after its last position
        height, width, _ = plan.shape.conv
        assert taken == list(range(len(taken)))
        ends = np.arange(len(maps) * height * width * plan.beats).reshape(len(maps), height, width, plan.beats)
        h, w = plan.shape.output[:2]
        high, wide = plan.pool
        last = ends[:, high - 1 : high * h : high, wide - 1 : wide * w : wide]
        assert given == (last + 1).ravel().tolist()


def test_busy_until_the_last_window_has_left(rng: np.random.Generator) -> None:
    plan = PLANS["one beat"]
    dut = Pool(plan)
    words = fired(random_map(rng, plan.shape.conv, 1), rng.integers(2, size=plan.shape.conv), plan)

    async def bench(context: Any) -> None:
        context.set(dut.output.ready, 1)
        await send(context, dut.input, words, rng)
        context.set(dut.output.ready, 0)
        for _ in range(3):
            assert context.get(dut.busy)
            assert context.get(dut.output.valid)
            await context.tick()
        context.set(dut.output.ready, 1)
        await context.tick()
        assert not context.get(dut.busy)

    simulate(dut, bench)


def test_without_a_pool_everything_passes_at_once(rng: np.random.Generator) -> None:
    plan = layer_plan({**POOLED, "pool": 1, "tile": 2, "tiles": 5}, pixels=(1, 2, 1))
    dut = Pool(plan)
    shape = (2, 10, 10)
    count, response = (rng.integers(0, 3, shape) for _ in range(2))
    none = np.zeros(shape, int)

    async def bench(context: Any) -> None:
        for word, through in zip(fired(count, response, plan), fired(count, response, plan, none), strict=True):
            for valid, ready in ((1, 0), (0, 1), (1, 1)):
                context.set(dut.input.valid, valid)
                context.set(dut.input.payload.as_value(), word)
                context.set(dut.output.ready, ready)
                assert context.get(dut.output.valid) == valid
                assert context.get(dut.input.ready) == ready
                assert context.get(dut.output.payload.as_value()) == through
                assert not context.get(dut.busy)

    simulate(dut, bench, clocked=False)
