"""Sums of the weight rows at active taps, fold by fold, against a matrix product; and rows read for the update."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import layer_plan, pack, random_map, simulate, unary, unpack
from seeds import rng_for

from bsff_hw.layer.forward.accumulate import Accumulate
from bsff_hw.plan import LayerPlan
from bsff_hw.plan.latencies import ROW_LATENCY

FIRST = {"channels": 20, "kernel": 1, "padding": 0}
PLANS = {
    "one bank": layer_plan({"channels": 10, "kernel": 2}, pixels=(3, 3, 1)),
    "banks do not divide the taps": layer_plan({"channels": 10, "kernel": 3, "banks": 4}, pixels=(3, 3, 1)),
    "a bank a tap": layer_plan({"channels": 10, "kernel": 2, "banks": 64, "weight_bits": 16}, pixels=(3, 3, 1)),
    "inner folds": layer_plan({"channels": 30, "kernel": 2, "banks": 3, "lanes": 5}, pixels=(3, 3, 1)),
    "counts": layer_plan(
        {**FIRST, "channels": 10, "tile": 3}, {"channels": 10, "kernel": 1, "padding": 0, "banks": 3}, pixels=(2, 2, 1)
    ),
    "groups in turn": layer_plan(FIRST, {**FIRST, "groups": 10, "kernel": 2, "banks": 2}, pixels=(2, 2, 1)),
    "groups in pairs": layer_plan(
        {**FIRST, "tile": 2}, {**FIRST, "groups": 10, "lanes": 4, "banks": 2}, pixels=(2, 2, 1)
    ),
    "inner folds of groups": layer_plan(
        FIRST, {**FIRST, "channels": 40, "groups": 10, "lanes": 2, "kernel": 2, "banks": 3}, pixels=(2, 2, 1)
    ),
    "all groups": layer_plan(FIRST, {**FIRST, "groups": 10, "lanes": 20, "weight_bits": 8, "fraction_bits": 4}, pixels=(2, 2, 1)),
    "dense": layer_plan(FIRST, {"kind": "dense", "channels": 20, "lanes": 10, "banks": 7}, pixels=(2, 1, 1)),
}  # fmt: skip


def random_weights(plan: LayerPlan, rng: np.random.Generator) -> np.ndarray:
    """Weights (groups, taps, channels of a group), many at the ends of their width."""
    top = 2 ** (plan.weight_bits - 1)
    shape = (plan.groups, plan.taps, plan.shape.group_channels)
    ends = rng.choice([-top, top - 1], shape)
    weights = np.where(rng.random(shape) < 0.3, ends, rng.integers(-top, top, shape))
    weights[..., 0], weights[..., -1] = -top, top - 1  # sums at their ends, too
    return weights


async def write_weights(context: Any, dut: Accumulate, plan: LayerPlan, weights: np.ndarray) -> None:
    """Each tap of fold f lies in its bank at ``f * rows_of_bank + row``."""
    width = plan.row_lanes * plan.weight_bits
    for fold in range(plan.folds):
        turn, inner = divmod(fold, plan.inner)
        for tap in range(plan.taps):
            columns = slice(inner * plan.row_lanes, (inner + 1) * plan.row_lanes)
            weights_of_parts = weights[turn * plan.parts : (turn + 1) * plan.parts, tap, columns]
            own, row = plan.slot(tap)
            bank = 1 << own
            context.set(Value.cast(dut.write.banks), pack([bank] * plan.parts, plan.banks))
            context.set(dut.write.address, fold * plan.rows_of_bank + row)
            context.set(
                Value.cast(dut.write.rows), pack((pack(own, plan.weight_bits) for own in weights_of_parts), width)
            )
            await context.tick()
    context.set(Value.cast(dut.write.banks), 0)


def random_window(plan: LayerPlan, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Counts (groups, taps) and the window in which they stand."""
    counts = random_map(rng, (math.prod(plan.kernel), plan.groups, plan.group_in), plan.levels)
    return counts.transpose(1, 0, 2).reshape(plan.groups, -1), unary(counts.ravel(), plan.levels)


def fold_cycles(plan: LayerPlan, counts: np.ndarray) -> list[int]:
    """What is claimed for each fold of a window: the most active taps of a bank, at least one."""
    banks = np.array([plan.slot(tap)[0] for tap in range(plan.taps)])
    busiest = [max(int(counts[g, banks == b].sum()) for b in range(plan.banks)) for g in range(plan.groups)]
    turns = [max(1, *busiest[t * plan.parts : (t + 1) * plan.parts]) for t in range(plan.rounds)]
    return [cycles for cycles in turns for _ in range(plan.inner)]


def sums_of(plan: LayerPlan, counts: np.ndarray, weights: np.ndarray) -> list[list[int]]:
    """The sums of each fold."""
    sums = np.matmul(counts[:, None], weights)[:, 0]
    if plan.inner > 1:
        return sums.reshape(plan.folds, plan.row_lanes).tolist()
    return sums.reshape(plan.rounds, plan.lanes).tolist()


@pytest.mark.parametrize("idle", [0.0, 0.5])
@pytest.mark.parametrize("name", PLANS)
def test_sums_and_cycles(name: str, idle: float, seed: int) -> None:
    """With `idle` 0 a window always waits and sums are always taken: then every cycle is accounted for."""
    plan = PLANS[name]
    rng = rng_for(name, seed)
    weights = random_weights(plan, rng)
    windows = [random_window(plan, rng) for _ in range(10)]
    windows.append((np.full((plan.groups, plan.taps), plan.levels), 2**plan.window_bits - 1))
    windows.append((np.zeros((plan.groups, plan.taps), int), 0))
    dut = Accumulate(plan)
    started: list[int] = []  # cycle in which the first window is loaded
    listed = 0
    cycle = 0

    async def feed(context: Any) -> None:
        await write_weights(context, dut, plan, weights)
        for _, window in windows:
            while rng.random() < idle:
                await context.tick()
            context.set(dut.windows.payload, window)
            context.set(dut.windows.valid, 1)
            started.append(cycle)
            done = False
            while not done:
                *_, done = await context.tick().sample(dut.windows.ready)
            context.set(dut.windows.valid, 0)

    async def count(context: Any) -> None:
        nonlocal cycle, listed
        while True:
            *_, rows = await context.tick().sample(dut.listed)
            cycle += 1
            listed += rows

    async def take(context: Any) -> None:
        expected_cycle, following = None, True
        for counts, _ in windows:
            for expected, cycles in zip(sums_of(plan, counts, weights), fold_cycles(plan, counts), strict=True):
                while True:
                    ready, following = following, bool(rng.random() >= idle)
                    context.set(dut.sums.ready, ready)
                    context.set(dut.ready_ahead, following)
                    at = cycle
                    *_, valid, sums = await context.tick().sample(dut.sums.valid, Value.cast(dut.sums.payload))
                    if valid and ready:
                        break
                assert unpack(sums, plan.sum_width, plan.lanes, signed=True) == expected
                if not idle:
                    if expected_cycle is None:
                        expected_cycle = started[0] + 8  # looked at, loaded, then seven cycles behind the last row
                    expected_cycle += cycles
                    assert at == expected_cycle
            if expected_cycle is not None:
                expected_cycle += max(0, 3 - cycles)  # this one is given back before the next one is looked at
        for _ in range(3):
            context.set(dut.sums.ready, following)
            context.set(dut.ready_ahead, 1)
            following = True
            await context.tick()
        assert not context.get(dut.sums.valid)

    simulate(dut, feed, take, background=[count])
    assert listed == sum(int(counts.sum()) for counts, _ in windows)


@pytest.mark.parametrize("name", PLANS)
def test_a_row_of_every_part(name: str, rng: np.random.Generator) -> None:
    plan = PLANS[name]
    weights = random_weights(plan, rng)
    dut = Accumulate(plan)

    async def bench(context: Any) -> None:
        await write_weights(context, dut, plan, weights)
        for _ in range(30):
            fold, tap = int(rng.integers(plan.folds)), int(rng.integers(plan.taps))
            turn, inner = divmod(fold, plan.inner)
            context.set(dut.row.enable, 1)
            bank, row = plan.slot(tap)
            context.set(dut.row.bank, 1 << bank)
            context.set(dut.row.address, fold * plan.rows_of_bank + row)
            await context.tick()
            context.set(dut.row.enable, 0)
            context.set(dut.row.bank, int(rng.integers(2)))
            for _ in range(ROW_LATENCY - 1):
                await context.tick()
            expected = weights[
                turn * plan.parts : (turn + 1) * plan.parts, tap, inner * plan.row_lanes : (inner + 1) * plan.row_lanes
            ]
            for _ in range(int(rng.integers(1, 4))):  # it stays
                weights_read = unpack(context.get(Value.cast(dut.row.rows)), plan.weight_bits, plan.lanes, signed=True)
                assert weights_read == expected.ravel().tolist()
                await context.tick()
                assert not context.get(dut.sums.valid)

    simulate(dut, bench)
