"""One stream to several takers: each gets every word once, whatever the others do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import receive, send, simulate

from bsff_hw.parts.fork import Fork


@pytest.mark.parametrize("takers", [2, 3])
@pytest.mark.parametrize("idle", [0.0, 0.5])
def test_every_taker_gets_every_word(takers: int, idle: float, seed: int) -> None:
    words = np.random.default_rng(seed).integers(256, size=40).tolist()
    dut, taken = Fork(8, takers), [[] for _ in range(takers)]

    async def feed(context: Any) -> None:
        await send(context, dut.input, words, np.random.default_rng([seed, 99]), idle)

    def take(number: int) -> Any:
        async def bench(context: Any) -> None:
            pauses = np.random.default_rng([seed, number])
            taken[number] = await receive(context, getattr(dut, f"output{number}"), len(words), pauses, idle)

        return bench

    simulate(dut, feed, *(take(i) for i in range(takers)))
    assert taken == [words] * takers


def test_a_taker_may_be_two_words_behind() -> None:
    dut, given = Fork(4, 2), []

    async def bench(context: Any) -> None:
        context.set(dut.output0.ready, 1)
        context.set(dut.input.valid, 1)
        for _ in range(6):
            *_, ready = await context.tick().sample(dut.input.ready)
            given.append(ready)

    simulate(dut, bench)
    assert given == [1, 1, 0, 0, 0, 0]


def test_a_word_a_cycle() -> None:
    """Where all takers are ready, nothing waits: from the second cycle on each gets a word in each."""
    dut, cycles = Fork(4, 2), 0

    async def bench(context: Any) -> None:
        nonlocal cycles
        for i in range(2):
            context.set(getattr(dut, f"output{i}").ready, 1)
        context.set(dut.input.valid, 1)
        for _ in range(10):
            *_, ready, first, second = await context.tick().sample(
                dut.input.ready, dut.output0.valid, dut.output1.valid
            )
            cycles += ready and first and second

    simulate(dut, bench)
    assert cycles == 9
