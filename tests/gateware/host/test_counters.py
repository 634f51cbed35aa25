"""Event counters against sums of Python's integers."""

from __future__ import annotations

from typing import Any

import numpy as np
from amaranth.hdl import Value
from hw_helpers import pack, simulate

from bsff.contract.registers import BLOCK
from bsff_hw.host.counters import INCREMENT, NAMES, EventCounters


async def strobe(context: Any, dut: EventCounters, name: str) -> None:
    """One commit or clear; two cycles a counter."""
    strobe = dut.events.commit if name == "commit" else dut.clear
    context.set(strobe, 1)
    await context.tick()
    context.set(strobe, 0)
    context.set(Value.cast(dut.events.counts), 0)
    for _ in range(3 * len(NAMES)):
        assert context.get(dut.events.busy)
        context.set(dut.address, 5)  # nobody can read meanwhile
        await context.tick()
    assert not context.get(dut.events.busy)


def test_events_are_added_up(rng: np.random.Generator) -> None:
    dut = EventCounters()
    totals = np.zeros(len(NAMES), dtype=object)

    async def check(context: Any) -> None:
        for address in rng.permutation(len(NAMES)):
            context.set(dut.address, int(address))
            await context.tick()
            assert context.get(dut.data) == totals[address] % 2**64

    async def bench(context: Any) -> None:
        for number in range(30):
            events = [int(e) for e in rng.integers(2 ** int(rng.choice([1, 10, INCREMENT])), size=len(NAMES))]
            if number % 5 == 0:
                events = [2**INCREMENT - 1] * len(NAMES)  # the upper half of a counter moves
            context.set(Value.cast(dut.events.counts), pack(events, INCREMENT))
            await strobe(context, dut, "commit")
            totals[:] = [t + e for t, e in zip(totals, events, strict=True)]
            await check(context)
            if number == 15:
                context.set(Value.cast(dut.events.counts), pack(events, INCREMENT))
                await strobe(context, dut, "clear")
                totals[:] = 0
                await check(context)

    simulate(dut, bench)


def test_the_order_is_that_of_the_registers() -> None:
    offsets = [BLOCK[f"{name.upper()}_LOW"].offset for name in NAMES]
    assert offsets == [offsets[0] + 8 * i for i in range(len(NAMES))]
