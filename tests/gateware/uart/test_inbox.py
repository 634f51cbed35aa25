"""Bytes that wait, and the mark of those that were lost."""

from __future__ import annotations

from typing import Any

from hw_helpers import receive, simulate
from seeds import rng_for

from bsff_hw.uart.inbox import Inbox


def test_what_is_lost_marks_the_next_byte(seed: int) -> None:
    dut, rng, overflows = Inbox(4), rng_for("inbox", seed), []

    async def count(context: Any) -> None:
        while True:
            *_, overflow = await context.tick().sample(dut.overflow)
            overflows.append(overflow)

    async def give(context: Any, byte: int, *, broken: bool = False) -> None:
        context.set(dut.byte, byte)
        context.set(dut.valid, not broken)
        context.set(dut.broken, broken)
        await context.tick()
        context.set(dut.valid, 0)
        context.set(dut.broken, 0)
        await context.tick()

    async def bench(context: Any) -> None:
        for byte in range(9, 18):  # one more than there is room for: it is at the door
            await give(context, byte)
        kept = await receive(context, dut.output, 5, rng, 0.5)
        assert kept == [9, 10, 11, 12, 13]
        await give(context, 18)
        await give(context, 19)
        await give(context, 20, broken=True)
        await give(context, 21)
        assert await receive(context, dut.output, 4, rng, 0.5) == [18 | 1 << 8, 19, 20 | 1 << 8, 21]

    simulate(dut, bench, background=[count])
    assert sum(overflows) == 4
