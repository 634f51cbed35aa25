"""The ways through a layer's channels and weights: the scan of the serial parts, the host's accesses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import layer_plan, simulate, unpack

from bsff.config import CLASSES
from bsff_hw.host.memory_access import BIAS, MEAN, WEIGHTS, Access
from bsff_hw.layer.forward.accumulate import Accumulate
from bsff_hw.layer.scan import ChannelScan
from bsff_hw.plan.plan import LayerPlan

ONE = {"channels": 20, "kernel": 1, "padding": 0}
PLANS = {
    "one fold": layer_plan({**ONE, "kernel": 2, "banks": 3}, pixels=(3, 3, 1)),
    "inner folds": layer_plan({**ONE, "channels": 30, "lanes": 6, "tiles": 3, "update_lanes": 2}, pixels=(2, 2, 1)),
    "groups in turn": layer_plan(ONE, {**ONE, "groups": 10, "banks": 3, "kernel": 2}, pixels=(2, 2, 1)),
    "groups in pairs": layer_plan(ONE, {**ONE, "channels": 40, "groups": 10, "lanes": 8, "tiles": 2}, pixels=(2, 2, 1)),
    "inner folds of groups": layer_plan(ONE, {**ONE, "channels": 40, "groups": 10, "lanes": 2}, pixels=(2, 2, 1)),
}
every = pytest.mark.parametrize("name", PLANS)


def lane_of(plan: LayerPlan, channel: int) -> tuple[int, int, int, int]:
    """Fold, part, step and lane of a channel."""
    group, column = divmod(channel, plan.shape.group_channels)
    turn, part = divmod(group, plan.parts)
    inner, lane = divmod(column, plan.row_lanes)
    return turn * plan.inner + inner, part, lane // plan.update_lanes, lane % plan.update_lanes


@every
def test_scan_visits_every_channel(name: str) -> None:
    plan = PLANS[name]
    dut = ChannelScan(plan)

    async def bench(context: Any) -> None:
        for _ in range(2):
            assert not context.get(dut.running)
            context.set(dut.start, 1)
            await context.tick()
            context.set(dut.start, 0)
            for channel in range(plan.channels):
                assert context.get(dut.running)
                assert context.get(dut.channel) == channel
                assert context.get(dut.last) == (channel == plan.channels - 1)
                assert (context.get(dut.block), context.get(dut.unit)) == divmod(channel, plan.tiles)
                label, member = divmod(channel, plan.channels // CLASSES)
                assert context.get(dut.label) == label
                assert context.get(dut.label_last) == (member == plan.channels // CLASSES - 1)
                fold, part, step, lane = lane_of(plan, channel)
                assert context.get(dut.part) == part
                assert context.get(dut.lane) == lane
                assert context.get(dut.step) == fold * plan.row_steps + step
                await context.tick()

    simulate(dut, bench)


async def access(context: Any, dut: Access, memory: int, rng: np.random.Generator, value: int | None) -> dict[str, int]:
    """One request; what the access asked of the layer, and what it answered."""
    names = ("bank", "address", "part", "lane", "step", "channel", "unit", "block")
    context.set(dut.host.memory, memory)
    context.set(dut.host.request, 1)
    context.set(dut.host.write, value is not None)
    context.set(dut.host.data, value or 0)
    result: dict[str, int] = {"fetched": 0, "begun": 0, "bias_write": 0, "mean_write": 0}
    fetched, begun = None, None
    for cycle in range(60):
        context.set(dut.free, bool(rng.random() < 0.5))
        context.set(dut.done, begun is not None and cycle == begun + 3)
        if context.get(dut.fetch):
            fetched = cycle
            result["fetched"] += 1
        if context.get(dut.begin):
            assert context.get(dut.free)
            assert fetched is not None
            assert cycle > fetched + Accumulate.ROW_LATENCY - 1
            begun = cycle
            result["begun"] += 1
        for name in ("bias_write", "mean_write"):
            result[name] += context.get(getattr(dut, name))
        done = context.get(dut.host.done)
        if done:
            result |= {name: context.get(getattr(dut, name)) for name in names}
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
        context.set(dut.bias, 0xFFFFFFF0)
        context.set(dut.mean, 0x12345678)
        context.set(dut.weight, 2**plan.weight_bits - 2)
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
                assert unpack(seen["bank"], 1, plan.banks) == [int(b == tap % plan.banks) for b in range(plan.banks)]
                assert seen["address"] == fold * plan.rows_of_bank + tap // plan.banks
                assert (seen["part"], seen["step"], seen["lane"]) == (part, step, lane)
            elif there:
                assert seen["channel"] == word
                assert (seen["block"], seen["unit"]) == divmod(word, plan.tiles)

    simulate(dut, bench)
