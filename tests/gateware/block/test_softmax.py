"""Softmax, class errors, loss and prediction, with the cycles that they take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import simulate

from bsff.golden import softmax
from bsff_hw.block.softmax import Softmax
from bsff_hw.plan.latencies import softmax_cycles


async def classify(context: Any, dut: Softmax, held: list[int], logits: np.ndarray, label: int) -> None:
    """One sample, every output and the number of cycles."""
    held[:] = logits.tolist()
    context.set(dut.label, label)
    context.set(dut.phase.start, 1)
    await context.tick()
    context.set(dut.phase.start, 0)
    for _ in range(softmax_cycles(len(held)) - 1):
        assert not context.get(dut.phase.done)
        await context.tick()
    assert context.get(dut.phase.done)
    errors = softmax.class_error(logits, np.array(label))
    for c in range(len(held)):
        context.set(dut.errors.number, c)
        assert context.get(dut.errors.error) == errors[c]
    assert context.get(dut.label_error) == errors[label]
    assert context.get(dut.loss) == softmax.cross_entropy(logits, np.array(label))
    assert context.get(dut.best) == logits.argmax()
    await context.tick()
    assert not context.get(dut.phase.done)


def looked_up(dut: Softmax, held: list[int]) -> Any:
    """The logit of the class that was asked for, a cycle later."""

    async def process(context: Any) -> None:
        while True:
            *_, number = await context.tick().sample(dut.number)
            context.set(dut.logit, held[number])

    return process


def samples(width: int, classes: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Logits far apart and near, with ties, at both ends of their width."""
    low, high, number = -(2 ** (width - 1)), 2 ** (width - 1) - 1, np.arange(classes)
    several = [np.full(classes, v) for v in (0, low, high)]  # all equal: the largest sum of powers
    several += [np.where(number == c, high, low) for c in (0, classes // 2, classes - 1)]
    several += [np.where(number == c, low, high) for c in (0, classes - 1)]
    # as far below the largest as the power is the last one that counts, and the first that does not
    several += [np.array([0, -d, *[low] * (classes - 2)]).clip(low, high) for d in (16 * 64, 16 * 64 + 63, 17 * 64)]
    for spread in (1, 30, 200, 2000, 10**6):
        several += [rng.normal(0, spread, classes).astype(int).clip(low, high) for _ in range(4 if classes < 50 else 1)]
    return several[:: 1 + classes // 100]


@pytest.mark.parametrize(
    ("width", "classes"), [(8, 10), (13, 10), (32, 10), (40, 10), (20, 2), (20, 3), (20, 16), (33, 100), (20, 256)]
)
def test_softmax(width: int, classes: int, rng: np.random.Generator) -> None:
    dut = Softmax(width, classes)
    held = [0] * classes

    async def bench(context: Any) -> None:
        for logits in samples(width, classes, rng):
            await classify(context, dut, held, logits, int(rng.integers(classes)))
            for _ in range(int(rng.integers(3))):
                await context.tick()

    simulate(dut, bench, background=[looked_up(dut, held)])


@pytest.mark.parametrize("others", [0, 3, 9])
def test_every_fraction_of_a_power(others: int) -> None:
    """A logit of each distance from the largest, with some as large: each entry of both tables, each leading one."""
    dut = Softmax(12, 10)
    held = [0] * 10

    async def bench(context: Any) -> None:
        for distance in range(0, 64, 1 if others == 0 else 7):
            logits = np.array([*[100] * others, 100 - distance, *[-1900] * (9 - others)])
            if others == 0:
                logits[-1] = 100
            await classify(context, dut, held, logits, distance % 10)

    simulate(dut, bench, background=[looked_up(dut, held)])
