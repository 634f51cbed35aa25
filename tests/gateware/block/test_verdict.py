"""A verdict: scores, softmax and the queue of logits for the host; and the division behind the softmax."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import receive, simulate, table

from bsff.golden import softmax
from bsff_hw.block.divide import Divider
from bsff_hw.block.verdict import QUEUED, Verdict
from bsff_hw.plan.latencies import softmax_cycles

WIDTH, SCORING = 14, 6


async def judge(context: Any, dut: Verdict, label: int, classes: int) -> None:
    """From the start until the verdict is done: the scores take `SCORING` cycles here."""
    context.set(dut.label, label)
    context.set(dut.control.start, 1)
    assert context.get(dut.scores.start)
    await context.tick()
    context.set(dut.control.start, 0)
    for cycle in range(SCORING + softmax_cycles(classes) - 1):
        assert not context.get(dut.control.done)
        context.set(dut.scores.done, cycle == SCORING - 1)
        await context.tick()
    assert context.get(dut.control.done)
    context.set(dut.scores.done, 0)


async def show(context: Any, dut: Verdict) -> int:
    """Queue the logits; the cycles without room."""
    blocked, shown = 0, False
    context.set(dut.control.show, 1)
    while not shown:
        shown = bool(context.get(dut.control.shown))
        blocked += context.get(dut.control.blocked)
        await context.tick()
    context.set(dut.control.show, 0)
    return blocked


@pytest.mark.parametrize("classes", [2, 10, 37])
def test_verdicts_and_their_logits(classes: int, rng: np.random.Generator) -> None:
    """Everything that the controller sees, and every logit in order though the queue is read slowly."""
    dut, held = Verdict(WIDTH, classes), [0] * classes
    samples = rng.integers(-(2 ** (WIDTH - 1)), 2 ** (WIDTH - 1), (2 * QUEUED + 2, classes)) >> 4
    blocked = []

    async def bench(context: Any) -> None:
        for logits in samples:
            label = int(rng.integers(classes))
            held[:] = logits.tolist()
            context.set(dut.scores.logit, held[context.get(dut.scores.number)])
            await judge(context, dut, label, classes)
            errors = softmax.class_error(logits, np.array(label))
            for c in range(classes):
                context.set(dut.errors.number, c)
                assert context.get(dut.errors.error) == errors[c]
            assert context.get(dut.control.label_error) == errors[label]
            assert context.get(dut.control.loss) == softmax.cross_entropy(logits, np.array(label))
            assert context.get(dut.control.best) == logits.argmax()
            blocked.append(await show(context, dut))

    async def host(context: Any) -> None:
        for _ in range((QUEUED + 1) * (SCORING + softmax_cycles(classes) + 2 * classes)):
            await context.tick()
        seen = await receive(context, dut.logits, samples.size, rng, 0.5)
        assert seen == samples.ravel().tolist()

    simulate(dut, bench, host, background=[table(dut.scores.number, dut.scores.logit, held)])
    assert not any(blocked[:QUEUED])
    assert blocked[QUEUED]


@pytest.mark.parametrize(("width", "bits"), [(5, 3), (20, 13)])
def test_divider(width: int, bits: int, rng: np.random.Generator) -> None:
    """Quotients of dividends up to the divisor, `bits` cycles after the first."""
    dut = Divider(width, bits)

    async def bench(context: Any) -> None:
        for number in range(40):
            divisor = int(rng.integers(1, 2**width))
            dividend = divisor if number == 0 else int(rng.integers(divisor + 1))
            context.set(dut.divisor, divisor)
            context.set(dut.dividend, dividend)
            context.set(dut.run, 1)
            for _ in range(bits):
                assert not context.get(dut.done)
                await context.tick()
                context.set(dut.dividend, 0)  # taken in the first cycle
            assert context.get(dut.done)
            await context.tick()
            context.set(dut.run, 0)
            assert context.get(dut.quotient) == (dividend << (bits - 1)) // divisor
            await context.tick()
            assert context.get(dut.quotient) == (dividend << (bits - 1)) // divisor

    simulate(dut, bench)
