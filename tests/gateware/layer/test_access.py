"""The host's accesses to the memories of a layer: words in the order of the register table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from folded_plans import PLANS, lane_of
from hw_helpers import simulate, unpack

from bsff.contract.formats import MEMORIES
from bsff_hw.layer.access import Access
from bsff_hw.plan.latencies import ROW_LATENCY

WEIGHTS, BIAS, MEAN = range(len(MEMORIES))
every = pytest.mark.parametrize("name", PLANS)


async def access(context: Any, dut: Access, memory: int, rng: np.random.Generator, value: int | None) -> dict[str, int]:
    """One request; what the access asked of the layer, and what it answered."""
    names = {
        "bank": dut.row.bank,
        "address": dut.row.address,
        "edited_bank": dut.weight.bank,
        "edited_address": dut.weight.address,
        "part": dut.weight.part,
        "lane": dut.weight.lane,
        "step": dut.weight.step,
        "channel": dut.mean.address,
        "unit": dut.bias.unit,
        "beat": dut.bias.beat,
    }
    writes = {"bias_write": dut.bias.write, "mean_write": dut.mean.write}
    context.set(dut.host.memory, memory)
    context.set(dut.host.request, 1)
    context.set(dut.host.write, value is not None)
    context.set(dut.host.data, value or 0)
    result: dict[str, int] = {"fetched": 0, "begun": 0, "bias_write": 0, "mean_write": 0}
    fetched, begun = None, None
    for cycle in range(60):
        was_free = bool(context.get(dut.weight.free))
        context.set(dut.weight.free, bool(rng.random() < 0.5))
        context.set(dut.weight.done, begun is not None and cycle == begun + 3)
        if context.get(dut.row.enable):
            fetched = cycle
            result["fetched"] += 1
        if context.get(dut.weight.begin):
            assert was_free
            assert fetched is not None
            assert cycle > fetched + ROW_LATENCY - 1
            begun = cycle
            result["begun"] += 1
        for name, write in writes.items():
            result[name] += context.get(write)
        done = context.get(dut.host.done)
        if done:
            result |= {name: context.get(signal) for name, signal in names.items()}
            result["read"] = context.get(dut.host.read)
        await context.tick()
        if done:
            break
    else:
        raise AssertionError("the access does not end")
    context.set(dut.host.request, 0)
    context.set(dut.host.step, 1)
    await context.tick()
    context.set(dut.host.step, 0)
    return result


@every
@pytest.mark.parametrize("memory", [WEIGHTS, BIAS, MEAN, 3])
def test_every_word_is_found(name: str, memory: int, rng: np.random.Generator) -> None:
    """Words in the order of the register table: row * width + column, or channel; past the end there is none."""
    plan = PLANS[name]
    dut = Access(plan)
    size = {WEIGHTS: plan.shape.weights, BIAS: plan.channels, MEAN: plan.channels}.get(memory, 0)

    async def bench(context: Any) -> None:
        context.set(dut.bias.read, 0xFFFFFFF0)
        context.set(dut.mean.read, 0x12345678)
        context.set(dut.weight.weight, -2)
        context.set(dut.host.rewind, 1)
        await context.tick()
        context.set(dut.host.rewind, 0)
        for word in range(size + 2):
            write = bool(rng.integers(2))
            seen = await access(context, dut, memory, rng, 77 if write else None)
            there = word < size
            assert seen["fetched"] == seen["begun"] == (there and memory == WEIGHTS)
            assert seen["bias_write"] == (there and memory == BIAS and write)
            assert seen["mean_write"] == (there and memory == MEAN and write)
            answer = {WEIGHTS: 0xFFFFFFFE, BIAS: 0xFFFFFFF0, MEAN: 0x12345678}.get(memory, 0)
            assert seen["read"] == (answer if there else 0)
            if there and memory == WEIGHTS:
                row, column = divmod(word, plan.shape.group_channels)
                group, tap = divmod(row, plan.taps)
                fold, part, step, lane = lane_of(plan, group * plan.shape.group_channels + column)
                bank, own_row = plan.slot(tap)
                assert unpack(seen["bank"], 1, plan.banks) == [int(b == bank) for b in range(plan.banks)]
                assert (seen["edited_bank"], seen["edited_address"]) == (seen["bank"], seen["address"])
                assert seen["address"] == fold * plan.rows_of_bank + own_row
                assert (seen["part"], seen["step"], seen["lane"]) == (part, step, lane)
            elif there:
                assert seen["channel"] == word
                assert (seen["beat"], seen["unit"]) == divmod(word, plan.tiles)

    simulate(dut, bench)
