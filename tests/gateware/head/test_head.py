"""The head's map, pooled as it arrives, and its weight rows: summed, learnt, read and written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import memory, pack, plan_of, random_map, send, simulate, transfers, unary, unpack

from bsff.config import CLASSES
from bsff.golden import pool, update
from bsff_hw.head.map import HeadMap
from bsff_hw.head.rows import HeadRows
from bsff_hw.layer.learning.learn import STEP_WIDTH
from bsff_hw.layer.verdict.softmax import ERROR_WIDTH
from bsff_hw.plan.plan import HeadPlan

GAIN_WIDTH = ERROR_WIDTH + STEP_WIDTH - update.STEP_BITS


def head_plan(layer: dict[str, Any], pixels: tuple[int, int, int], **head: Any) -> HeadPlan:
    plan = plan_of({"channels": 10, "kernel": 1, "padding": 0, **layer}, pixels=pixels, head=head).head
    assert plan is not None
    return plan


PLANS = {
    "one transfer": head_plan({"tiles": 10}, (2, 3, 1)),
    "one transfer, pool": head_plan({"tiles": 10, "tile": 2}, (3, 4, 1), pool=2),
    "two transfers, pool": head_plan({"tiles": 5}, (3, 3, 1), pool=2, weight_bits=8, fraction_bits=4),
    "a channel a transfer, pool": head_plan({"tiles": 1, "tile": 3}, (4, 5, 1), pool=2),
    "counts": head_plan({"tiles": 5, "tile": 3}, (2, 2, 1), weight_bits=18, fraction_bits=16),
    "one position": head_plan({"tiles": 2}, (1, 1, 1), pool=2),
    "many channels": head_plan({"channels": 30, "tiles": 30}, (1, 2, 1)),
}
every = pytest.mark.parametrize("name", PLANS)


@every
@pytest.mark.parametrize("idle", [0.0, 0.4])
def test_map(name: str, idle: float, seed: int) -> None:
    plan = PLANS[name]
    rng = np.random.default_rng([seed, len(name)])
    maps = [random_map(rng, plan.source, plan.levels) for _ in range(6)]
    labels = rng.integers(10, size=len(maps)).tolist()
    dut = HeadMap(plan)

    async def feed(context: Any) -> None:
        for counts, label in zip(maps, labels, strict=True):
            await send(context, dut.input, transfers(counts, plan.beat, plan.levels, label), rng, idle)

    async def read(context: Any) -> None:
        for counts, label in zip(maps, labels, strict=True):
            while not context.get(dut.full) or (idle and rng.random() < 0.9):
                await context.tick()
            assert context.get(dut.label) == label
            await context.tick()  # the last word is being written
            pooled = pool.pool_up(counts[None])[0] if plan.pool == 2 else counts
            assert pooled.shape == plan.inputs
            words = transfers(pooled, plan.beat, plan.levels)
            for address in rng.permutation(len(words)):
                context.set(dut.enable, 1)
                context.set(dut.address, int(address))
                await context.tick()
                context.set(dut.enable, 0)
                context.set(dut.address, 0)
                for _ in range(int(rng.integers(1, 3))):  # the port holds what it read
                    assert context.get(dut.word) == words[address]
                    await context.tick()
            context.set(dut.release, 1)
            await context.tick()
            context.set(dut.release, 0)
        assert not context.get(dut.full)

    simulate(dut, feed, read)


async def ask(context: Any, dut: HeadRows, what: str) -> int:
    """One forward, update or host; the cycles until it is done."""
    context.set(getattr(dut, what), 1)
    await context.tick()
    context.set(getattr(dut, what), 0)
    cycles = 1
    while not context.get(dut.done):
        assert not context.get(dut.idle)
        await context.tick()
        cycles += 1
    await context.tick()
    assert context.get(dut.idle)
    return cycles


def cycles_of(rows: np.ndarray) -> int:
    """A row a cycle, and a cycle for a word without any; words that follow the last row hide its pipeline."""
    ends = np.cumsum(np.maximum(rows, 1))
    return int(max(ends[-1] + 3, ends[rows > 0].max(initial=-8) + 8))


@every
def test_rows(name: str, seed: int) -> None:
    """Forward, update and the host's words in any order, against the arrays of the golden model."""
    plan = PLANS[name]
    rng = np.random.default_rng([seed, len(name)])
    dut = HeadRows(plan)
    top = 2 ** (plan.weight_bits - 1)
    weights = np.zeros((plan.rows, CLASSES), int)
    words: list[int] = [0] * plan.words
    state = int(rng.integers(1, 2**63))
    listed = saturated = 0

    async def count(context: Any) -> None:
        nonlocal listed, saturated
        while True:
            *_, one, clipped = await context.tick().sample(dut.listed, dut.saturated)
            listed += one
            saturated += clipped

    async def host(context: Any, row: int, column: int, *, value: int | None = None) -> None:
        context.set(dut.host_row, row)
        context.set(dut.host_column, column)
        context.set(dut.host_write, value is not None)
        context.set(dut.host_data, pack([value or 0], 32))
        await ask(context, dut, "host")
        assert context.get(dut.host_read) == weights[row, column]
        if value is not None:
            weights[row, column] = value

    async def bench(context: Any) -> None:
        nonlocal state, listed, saturated
        cleared = 0
        while not context.get(dut.idle):
            await context.tick()
            cleared += 1
        assert cleared == plan.rows
        for half in range(2):
            context.set(dut.load, 1 << half)
            context.set(dut.load_data, (state >> (32 * half)) & 0xFFFFFFFF)
            await context.tick()
        context.set(dut.load, 0)
        for row, column in np.ndindex(weights.shape):
            if rng.random() < 0.4:
                value = rng.choice([-top, top - 1]) if rng.random() < 0.3 else rng.integers(-top, top)
                await host(context, row, column, value=int(value))
        for number in range(7):
            counts = random_map(rng, plan.inputs, plan.levels)
            if number == 0:
                counts[:] = plan.levels
            elif number == 1:
                counts[:] = 0
            words[:] = transfers(counts, plan.beat, plan.levels)
            x = counts.ravel()
            listed = saturated = 0
            cycles = await ask(context, dut, "forward")
            sums = unpack(context.get(Value.cast(dut.sums)), plan.sum_width, CLASSES, signed=True)
            assert sums == (x @ weights).tolist()
            assert (listed, saturated) == (x.sum(), 0)
            assert cycles == cycles_of(counts.reshape(-1, plan.beat).sum(1))

            most = 2 ** (GAIN_WIDTH - 1)
            gain = rng.integers(-most, most, CLASSES) >> int(rng.choice([0, 4, 8]))
            gain[0], gain[-1] = (-most, most - 1) if number == 0 else (0, -1)
            context.set(Value.cast(dut.gains), pack(gain, GAIN_WIDTH))
            rows = np.flatnonzero(x)
            noise, after = update.dither(np.array([state], np.uint64), len(rows))
            state = int(after[0])
            wanted = weights[rows] + ((x[rows, None] * gain + noise[0, :, None]) >> update.GAIN_BITS)
            weights[rows] = np.clip(wanted, -top, top - 1)
            listed = 0
            cycles = await ask(context, dut, "update")
            assert cycles == cycles_of((counts.reshape(-1, plan.beat) > 0).sum(1))
            assert (listed, saturated) == (0, (weights[rows] != wanted).sum())
            assert context.get(dut.state) == state
            for row in rng.permutation(plan.rows)[:4]:
                await host(context, int(row), int(rng.integers(CLASSES)))

    simulate(dut, bench, background=[memory(dut.word_address, dut.word, words, enable=dut.word_enable), count])


def test_everything_that_was_learnt_can_be_read(rng: np.random.Generator) -> None:
    """Every weight after one update, so that no other row has changed."""
    plan = PLANS["two transfers, pool"]
    dut = HeadRows(plan)
    counts = random_map(rng, plan.inputs, plan.levels)
    counts.ravel()[:5] = [1, 0, 1, 1, 0]
    words = transfers(counts, plan.beat, plan.levels)
    gain = np.arange(-5, 5) << update.GAIN_BITS
    seen = []

    async def bench(context: Any) -> None:
        while not context.get(dut.idle):
            await context.tick()
        context.set(Value.cast(dut.gains), pack(gain, GAIN_WIDTH))
        await ask(context, dut, "update")
        for row, column in np.ndindex(plan.rows, CLASSES):
            context.set(dut.host_row, row)
            context.set(dut.host_column, column)
            await ask(context, dut, "host")
            seen.append(context.get(dut.host_read))

    simulate(dut, bench, background=[memory(dut.word_address, dut.word, words, enable=dut.word_enable)])
    assert seen == (counts.reshape(-1, 1) * np.arange(-5, 5)).ravel().tolist()
    assert unary(counts.ravel(), 1) == pack(words, plan.beat)
