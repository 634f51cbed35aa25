"""A whole layer: what its parts do together is held against the golden model in machine/test_network; here, what only it decides."""

from __future__ import annotations

from typing import Any

import pytest
from hw_helpers import layer_plan, simulate

from bsff.contract.formats import MEMORIES
from bsff_hw.layer.layer import Layer


@pytest.mark.parametrize(("memory", "value"), [("weights", 77), ("bias", 12345), ("mean", 54321)])
def test_the_host_waits_while_the_memories_are_cleared(memory: str, value: int) -> None:
    """A word that is written at once after a reset is there afterwards, and its neighbours are 0."""
    dut = Layer(
        layer_plan({"channels": 20, "kernel": 5, "padding": 2, "lanes": 10, "update_lanes": 10}, pixels=(4, 4, 1))
    )

    async def access(context: Any, *, write: bool) -> int:
        context.set(dut.access.request, 1)
        context.set(dut.access.write, write)
        done, read, cycles = False, 0, 0
        while not done:
            done, read = bool(context.get(dut.access.done)), context.get(dut.access.read)
            context.set(dut.access.step, done)
            await context.tick()
            cycles += 1
            assert cycles < 500
        context.set(dut.access.request, 0)
        context.set(dut.access.step, 0)
        await context.tick()
        return int(read)

    async def rewind(context: Any) -> None:
        context.set(dut.access.rewind, 1)
        await context.tick()
        context.set(dut.access.rewind, 0)

    async def bench(context: Any) -> None:
        context.set(dut.access.memory, MEMORIES.index(memory))
        context.set(dut.access.data, value)
        await access(context, write=True)
        await rewind(context)
        assert [await access(context, write=False) for _ in range(5)] == [value, 0, 0, 0, 0]

    simulate(dut, bench)
