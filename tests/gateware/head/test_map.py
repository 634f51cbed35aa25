"""The head's map, pooled as it arrives."""

from __future__ import annotations

from typing import Any

import pytest
from head_plans import PLANS
from hw_helpers import beats_of, random_map, send, simulate
from seeds import rng_for

from bsff.golden import pool
from bsff_hw.head.map import HeadMap

every = pytest.mark.parametrize("name", PLANS)


@every
@pytest.mark.parametrize("idle", [0.0, 0.4])
def test_map(name: str, idle: float, seed: int) -> None:
    plan = PLANS[name]
    rng = rng_for(name, seed)
    maps = [random_map(rng, plan.source, plan.levels) for _ in range(6)]
    labels = rng.integers(10, size=len(maps)).tolist()
    dut = HeadMap(plan)

    async def feed(context: Any) -> None:
        for counts, label in zip(maps, labels, strict=True):
            await send(context, dut.input, beats_of(counts, plan.beat, plan.levels, label), rng, idle)

    async def read(context: Any) -> None:
        for counts, label in zip(maps, labels, strict=True):
            while not context.get(dut.full) or (idle and rng.random() < 0.9):
                await context.tick()
            assert context.get(dut.label) == label
            await context.tick()  # the last word is being written
            pooled = pool.pool_up(counts[None])[0] if plan.pool == 2 else counts
            assert pooled.shape == plan.inputs
            words = beats_of(pooled, plan.beat, plan.levels)
            for address in rng.permutation(len(words)):
                context.set(dut.words.enable, 1)
                context.set(dut.words.address, int(address))
                await context.tick()
                context.set(dut.words.enable, 0)
                context.set(dut.words.address, 0)
                for _ in range(int(rng.integers(1, 3))):  # the port holds what it read
                    assert context.get(dut.words.word) == words[address]
                    await context.tick()
            context.set(dut.release, 1)
            await context.tick()
            context.set(dut.release, 0)
        assert not context.get(dut.full)

    simulate(dut, feed, read)
