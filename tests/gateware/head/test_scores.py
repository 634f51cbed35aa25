"""Logits, gains and biases of the head, and the host's way to its memories."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from head_plans import PLANS
from hw_helpers import pack, simulate, table, unpack

from bsff.contract.formats import BIAS_BITS, BIAS_WIDTH, ERROR_BITS, GAIN_BITS, GAIN_WIDTH, LOG2_E, MEMORIES, STEP_WIDTH
from bsff.contract.numerics import head_shift
from bsff.golden import update
from bsff_hw.head.access import HeadAccess
from bsff_hw.head.gains import HeadGains
from bsff_hw.head.scores import DEPTH, HeadScores

LOW, HIGH = -(2 ** (BIAS_WIDTH - 1)), 2 ** (BIAS_WIDTH - 1) - 1


@pytest.mark.parametrize("name", PLANS)
def test_logits(name: str, rng: np.random.Generator) -> None:
    """Sums and biases at both ends and between, and the cycles from the start to the last logit."""
    plan = PLANS[name]
    dut, classes = HeadScores(plan), plan.classes
    most = plan.shape.largest * 2 ** (plan.weight_bits - 1)

    async def bench(context: Any) -> None:
        for number in range(4):
            sums, biases = rng.integers(-most, most, classes), rng.integers(LOW, HIGH + 1, classes)
            if number == 0:
                sums[:], biases[:] = (
                    rng.choice([-most, most - plan.shape.largest], classes),
                    rng.choice([LOW, HIGH], classes),
                )
            context.set(Value.cast(dut.sums), pack(sums, plan.sum_width))
            context.set(dut.scores.start, 1)
            for cycle in range(classes + DEPTH):
                assert not context.get(dut.scores.done)
                assert context.get(dut.asking)
                number = context.get(dut.number)
                assert number == cycle or cycle >= classes
                await context.tick()
                context.set(dut.bias, int(biases[number % classes]))
                context.set(dut.scores.start, 0)
            assert context.get(dut.scores.done)
            await context.tick()
            for c in range(classes):
                context.set(dut.scores.number, c)
                total = int(sums[c]) + (int(biases[c]) >> BIAS_BITS)
                assert context.get(dut.scores.logit) == (total * LOG2_E) >> head_shift(plan.fraction_bits)

    simulate(dut, bench)


@pytest.mark.parametrize("step", [1, 777, 2**STEP_WIDTH - 1])
@pytest.mark.parametrize("classes", [2, 10, 17])
def test_gains_and_biases(step: int, classes: int, rng: np.random.Generator) -> None:
    """Every class's gain, and its bias moved by it and held within its width; a bias that the host writes."""
    dut, one, shown = HeadGains(classes), 2**ERROR_BITS, [0] * classes
    bias = np.array([LOW, HIGH, *rng.integers(LOW, HIGH + 1, classes - 2)])

    async def biases(context: Any) -> list[int]:
        found = []
        for number in range(classes):
            context.set(dut.number, number)
            await context.tick()
            found.append(context.get(dut.bias))
        return found

    async def bench(context: Any) -> None:
        while not context.get(dut.cleared):
            await context.tick()
        await context.tick()
        assert await biases(context) == [0] * classes
        for column, value in enumerate(bias):
            context.set(dut.number, column)
            context.set(dut.data, pack([value], BIAS_WIDTH))
            context.set(dut.write, 1)
            await context.tick()
        context.set(dut.write, 0)
        context.set(dut.step, step)
        await context.tick()
        for _ in range(3):
            shown[:] = [-one, one, *rng.integers(-one, one + 1, classes - 2).tolist()]
            context.set(dut.errors.error, shown[context.get(dut.errors.number) % classes])
            context.set(dut.phase.start, 1)
            for _ in range(classes + 3):
                assert not context.get(dut.phase.done)
                await context.tick()
                context.set(dut.phase.start, 0)
            assert context.get(dut.phase.done)
            await context.tick().repeat(2)
            gains = update.gains(np.array(shown), step)
            bias[:] = np.clip(bias + update.half_up(gains, GAIN_BITS - BIAS_BITS), LOW, HIGH)
            assert unpack(context.get(Value.cast(dut.gains)), GAIN_WIDTH, classes, signed=True) == gains.tolist()
            assert await biases(context) == bias.tolist()

    simulate(dut, bench, background=[table(dut.errors.number, dut.errors.error, shown)])


@pytest.mark.parametrize("memory", [*MEMORIES, "none"])
@pytest.mark.parametrize("name", ["counts", "33 classes, one row"])
def test_every_word_is_found(name: str, memory: str, rng: np.random.Generator) -> None:
    """Words in the order of the register table: row * classes + class, or class; past the end there is none."""
    plan = PLANS[name]
    dut, classes = HeadAccess(plan), plan.classes
    size = {"weights": plan.rows * classes, "bias": classes}.get(memory, 0)
    biases = rng.integers(LOW, HIGH + 1, classes)
    code = MEMORIES.index(memory) if memory in MEMORIES else len(MEMORIES)

    async def access(context: Any, word: int) -> None:
        context.set(dut.bias, int(biases[context.get(dut.column) % classes]))
        weight, write = word < size and memory == "weights", bool(rng.integers(2))
        context.set(dut.host.request, 1)
        context.set(dut.host.write, write)
        assert context.get(dut.weight.start) == weight
        if weight:
            assert (context.get(dut.weight.row), context.get(dut.weight.column)) == divmod(word, classes)
            for cycle in range(4):
                await context.tick()
                assert not context.get(dut.weight.start)
                context.set(dut.weight_done, cycle == 3)
            context.set(dut.weight.read, -word)
        writes, cycles = 0, 0
        while not context.get(dut.host.done):
            writes += context.get(dut.bias_write)
            await context.tick()
            context.set(dut.weight_done, 0)
            cycles += 1
        assert writes == (write and word < size and memory == "bias")
        assert cycles == (2 if word < size and memory == "bias" else 1)
        expected = {"weights": -word, "bias": int(biases[word % classes])}.get(memory, 0) if word < size else 0
        assert context.get(dut.host.read) == expected % 2**32
        assert word >= size or memory == "weights" or context.get(dut.column) == word
        context.set(dut.host.step, 1)
        await context.tick()
        context.set(dut.host.step, 0)
        context.set(dut.host.request, 0)
        await context.tick()

    async def bench(context: Any) -> None:
        context.set(dut.host.memory, code)
        for _ in range(2):
            context.set(dut.host.rewind, 1)
            await context.tick()
            context.set(dut.host.rewind, 0)
            for word in range(size + 2):
                await access(context, word)

    simulate(dut, bench)
