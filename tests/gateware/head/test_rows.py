"""The head's weight rows: summed, learnt, read and written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Mux, Value
from head_plans import PLANS
from hw_helpers import beats_of, load_generator, memory, pack, random_map, simulate, unary, unpack
from seeds import rng_for

from bsff.contract.formats import GAIN_BITS, GAIN_WIDTH
from bsff.golden import update
from bsff_hw.head.rows import HeadRows
from bsff_hw.plan import HeadPlan

every = pytest.mark.parametrize("name", PLANS)


def word_port(dut: HeadRows, plan: HeadPlan, words: list[int]) -> Any:
    """The maps of all sources behind `dut.words`, one after another in `words`."""
    first: Any = 0
    for i, source in enumerate(plan.sources[:-1]):
        first = first + Mux(dut.words.source > i, source.words, 0)
    return memory(dut.words.address + first, dut.words.word, words, enable=dut.words.enable)


async def ask(context: Any, dut: HeadRows, what: str) -> int:
    """One forward, update or host; the cycles until it is done."""
    start = dut.weight.start if what == "host" else getattr(dut, what)
    context.set(start, 1)
    await context.tick()
    context.set(start, 0)
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
    rng = rng_for(name, seed)
    dut = HeadRows(plan)
    top = 2 ** (plan.weight_bits - 1)
    weights = np.zeros((plan.rows, plan.classes), int)
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
        context.set(dut.weight.row, row)
        context.set(dut.weight.column, column)
        context.set(dut.weight.write, value is not None)
        context.set(dut.weight.data, pack([value or 0], 32))
        await ask(context, dut, "host")
        assert context.get(dut.weight.read) == weights[row, column]
        if value is not None:
            weights[row, column] = value

    async def bench(context: Any) -> None:
        nonlocal state, listed, saturated
        cleared = 0
        while not context.get(dut.idle):
            await context.tick()
            cleared += 1
        assert cleared == plan.rows
        await load_generator(context, dut.generator, state)
        for row, column in np.ndindex(weights.shape):
            if rng.random() < 0.4:
                value = rng.choice([-top, top - 1]) if rng.random() < 0.3 else rng.integers(-top, top)
                await host(context, row, column, value=int(value))
        for number in range(7):
            maps = [random_map(rng, source.inputs, source.levels) for source in plan.sources]
            for source, counts in zip(plan.sources, maps, strict=True):
                if number < 2:
                    counts[:] = source.levels if number == 0 else 0
            words[:] = [
                w
                for source, counts in zip(plan.sources, maps, strict=True)
                for w in beats_of(counts, source.beat, plan.levels)
            ]
            x = np.concatenate([counts.ravel() for counts in maps])
            listed_of_word = np.concatenate(
                [c.reshape(-1, s.beat).sum(1) for s, c in zip(plan.sources, maps, strict=True)]
            )
            lit_of_word = np.concatenate(
                [(c.reshape(-1, s.beat) > 0).sum(1) for s, c in zip(plan.sources, maps, strict=True)]
            )
            listed = saturated = 0
            cycles = await ask(context, dut, "forward")
            sums = unpack(context.get(Value.cast(dut.sums)), plan.sum_width, plan.classes, signed=True)
            assert sums == (x @ weights).tolist()
            assert (listed, saturated) == (x.sum(), 0)
            assert cycles == cycles_of(listed_of_word)

            most = 2 ** (GAIN_WIDTH - 1)
            gain = rng.integers(-most, most, plan.classes) >> int(rng.choice([0, 4, 8]))
            gain[0], gain[-1] = (-most, most - 1) if number == 0 else (0, -1)
            context.set(Value.cast(dut.gains), pack(gain, GAIN_WIDTH))
            rows = np.flatnonzero(x)
            noise, after = update.dither(np.array(state, np.uint64), len(rows))
            state = int(after)
            wanted = weights[rows] + ((x[rows, None] * gain + noise[:, None]) >> GAIN_BITS)
            weights[rows] = np.clip(wanted, -top, top - 1)
            listed = 0
            cycles = await ask(context, dut, "update")
            assert cycles == cycles_of(lit_of_word)
            assert (listed, saturated) == (0, (weights[rows] != wanted).sum())
            assert context.get(dut.generator.state) == state
            for row in rng.permutation(plan.rows)[:4]:
                await host(context, int(row), int(rng.integers(plan.classes)))

    simulate(dut, bench, background=[word_port(dut, plan, words), count])


def test_everything_that_was_learnt_can_be_read(rng: np.random.Generator) -> None:
    """Every weight after one update, so that no other row has changed."""
    plan = PLANS["two beats_of, pool"]
    dut = HeadRows(plan)
    counts = random_map(rng, plan.sources[0].inputs, plan.levels)
    counts.ravel()[:5] = [1, 0, 1, 1, 0]
    words = beats_of(counts, plan.beat, plan.levels)
    gain = np.arange(-5, 5) << GAIN_BITS
    seen = []

    async def bench(context: Any) -> None:
        while not context.get(dut.idle):
            await context.tick()
        context.set(Value.cast(dut.gains), pack(gain, GAIN_WIDTH))
        await ask(context, dut, "update")
        for row, column in np.ndindex(plan.rows, plan.classes):
            context.set(dut.weight.row, row)
            context.set(dut.weight.column, column)
            await ask(context, dut, "host")
            seen.append(context.get(dut.weight.read))

    simulate(dut, bench, background=[word_port(dut, plan, words)])
    assert seen == (counts.reshape(-1, 1) * np.arange(-5, 5)).ravel().tolist()
    assert unary(counts.ravel(), 1) == pack(words, plan.beat)
