"""A whole layer: what its parts do together is held against the golden model in machine/test_network; here, what only it decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import layer_plan, simulate

from bsff.contract.formats import MEMORIES
from bsff_hw.layer.layer import Layer


async def access(context: Any, dut: Layer, *, value: int | None = None) -> int:
    """Read the next word of the host's, or write it."""
    context.set(dut.access.request, 1)
    context.set(dut.access.write, value is not None)
    context.set(dut.access.data, (value or 0) % 2**32)
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


async def rewind(context: Any, dut: Layer, memory: str) -> None:
    context.set(dut.access.memory, MEMORIES.index(memory))
    context.set(dut.access.rewind, 1)
    await context.tick()
    context.set(dut.access.rewind, 0)


@pytest.mark.parametrize(("memory", "value"), [("weights", 77), ("bias", 12345), ("mean", 54321)])
def test_the_host_waits_while_the_memories_are_cleared(memory: str, value: int) -> None:
    """A word that is written at once after a reset is there afterwards, and its neighbours are 0."""
    layer = {"channels": 20, "kernel": 5, "padding": 2, "lanes": 10, "update_lanes": 10}
    dut = Layer(layer_plan(layer, pixels=(4, 4, 1)))

    async def bench(context: Any) -> None:
        context.set(dut.access.memory, MEMORIES.index(memory))
        await access(context, dut, value=value)
        await rewind(context, dut, memory)
        assert [await access(context, dut) for _ in range(5)] == [value, 0, 0, 0, 0]

    simulate(dut, bench)


def test_every_word_is_written_and_read(rng: np.random.Generator) -> None:
    """Weights, biases and means over all folds, banks and lanes: no word is another's."""
    layer = {"channels": 20, "kernel": 2, "padding": 0, "lanes": 10, "banks": 3, "update_lanes": 5}
    plan = layer_plan(layer, pixels=(3, 3, 1))
    dut = Layer(plan)
    sizes = {
        "weights": (plan.shape.weights, plan.weight_bits),
        "bias": (plan.channels, 32),
        "mean": (plan.channels, 32),
    }
    words = {
        name: rng.integers(-(2 ** (width - 1)), 2 ** (width - 1), size).tolist()
        for name, (size, width) in sizes.items()
    }

    async def bench(context: Any) -> None:
        for name, values in words.items():
            await rewind(context, dut, name)
            for value in values:
                await access(context, dut, value=value)
        for name, values in words.items():
            await rewind(context, dut, name)
            assert [await access(context, dut) for _ in values] == [value % 2**32 for value in values]

    simulate(dut, bench)
