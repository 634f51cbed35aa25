"""Queues and the credits for their places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import receive, send, simulate

from bsff_hw.parts.credits import Credits
from bsff_hw.parts.queue import Queue


@pytest.mark.parametrize("depth", [1, 2, 16])
@pytest.mark.parametrize("idle", [0.0, 0.5])
def test_words_come_in_their_order(depth: int, idle: float, seed: int) -> None:
    words = np.random.default_rng(seed).integers(256, size=60).tolist()
    dut = Queue(8, depth)
    taken: list[int] = []

    async def feed(context: Any) -> None:
        await send(context, dut.input, words, np.random.default_rng([seed, 1]), idle)

    async def take(context: Any) -> None:
        taken.extend(await receive(context, dut.output, len(words), np.random.default_rng([seed, 2]), idle))

    simulate(dut, feed, take)
    assert taken == words


@pytest.mark.parametrize("depth", [2, 16])
def test_a_word_a_cycle_and_as_many_as_its_depth(depth: int) -> None:
    dut, given = Queue(8, depth), []

    async def bench(context: Any) -> None:
        context.set(dut.input.valid, 1)
        for cycle in range(2 * depth):
            assert context.get(dut.input.ready) == (cycle < depth)
            await context.tick()
        context.set(dut.output.ready, 1)
        for _ in range(8):
            *_, ready, valid = await context.tick().sample(dut.input.ready, dut.output.valid)
            given.append((ready, valid))

    simulate(dut, bench)
    assert given == [(0, 1), *[(1, 1)] * 7]


@pytest.mark.parametrize("places", [1, 2, 5, 16])
def test_credits_count_places(places: int, rng: np.random.Generator) -> None:
    """As many words set out as there are places, and one more for each that comes back, from the second cycle on."""
    dut, used, most, freed, ahead = Credits(places), 0, 0, 0, True

    async def bench(context: Any) -> None:
        nonlocal used, most, freed, ahead
        for _ in range(500):
            assert context.get(dut.room) == ahead == (used < places)
            assert context.get(dut.used) == used
            take = bool(context.get(dut.room) and rng.random() < 0.8)
            back = rng.random(2) < 0.3
            back[1] &= used - freed > back[0]
            back[0] &= used - freed > 0
            context.set(dut.take, take)
            context.set(dut.back, int(back[0]) + 2 * int(back[1]))
            ahead = context.get(dut.room_ahead)
            await context.tick()
            used += int(take) - freed
            freed = int(back.sum())
            most = max(most, used)

    simulate(dut, bench)
    assert most == places
