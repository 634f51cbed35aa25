"""The judgement of a map: goodness with its running means, then softmax, error, loss and prediction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import layer_plan, pack, random_map, simulate, table, unary, unpack

from bsff.config import CLASSES
from bsff.golden import goodness, softmax
from bsff_hw.layer.verdict.goodness import SCALE_WIDTH, Goodness
from bsff_hw.layer.verdict.softmax import Softmax

ONE = {"channels": 10, "kernel": 1, "padding": 0}
PLANS = {
    "a channel a class": layer_plan({**ONE, "tiles": 1, "momentum_shift": 1}, pixels=(2, 3, 1)),
    "one transfer": layer_plan({**ONE, "channels": 20, "tiles": 20, "tile": 3, "momentum_shift": 4}, pixels=(3, 3, 1)),
    "two transfers, pool": layer_plan({**ONE, "tiles": 5, "tile": 2, "pool": 2, "momentum_shift": 8}, pixels=(5, 4, 1)),
    "folds": layer_plan({**ONE, "channels": 30, "lanes": 6, "tiles": 3, "momentum_shift": 12}, pixels=(1, 2, 1)),
    "no means": layer_plan({**ONE, "tiles": 2, "normalisation": "none"}, pixels=(2, 2, 1)),
    "dense": layer_plan(ONE, {"kind": "dense", "channels": 40, "tile": 15, "tiles": 4}, pixels=(1, 2, 1)),
}


@pytest.mark.parametrize("name", PLANS)
def test_goodness(name: str, seed: int) -> None:
    """Maps one after another, learning or not, with means of the host's and at both ends."""
    plan = PLANS[name]
    rng = np.random.default_rng([seed, len(name)])
    dut = Goodness(plan)
    config, most = plan.shape.config, plan.shape.outputs * plan.tile
    running = config.normalisation == "running"
    mean = rng.integers(0, (most << 16) + 1, plan.channels) if running else np.zeros(plan.channels, int)
    if running:
        mean[0], mean[-1] = most << 16, 0
    size = plan.tiles * plan.tile

    async def tally(context: Any, count: np.ndarray, response: np.ndarray) -> None:
        context.set(dut.begin, 1)
        await context.tick()
        context.set(dut.begin, 0)
        for n, d in zip(count.reshape(-1, plan.tiles), response.reshape(-1, plan.tiles), strict=True):
            context.set(dut.take, 1)
            word = unary(n, plan.tile) | pack(d, plan.response_width) << size
            context.set(Value.cast(dut.fired), word)
            await context.tick()
            context.set(dut.take, 0)
            while rng.random() < 0.2:
                await context.tick()
        await context.tick()  # the last is being written

    async def judge(context: Any, *, learn: bool) -> list[int]:
        context.set(dut.learn, learn)
        context.set(dut.start, 1)
        await context.tick()
        context.set(dut.start, 0)
        cycles = 1
        while not context.get(dut.done):
            await context.tick()
            cycles += 1
        assert cycles == plan.channels + 4  # a channel a cycle, and four to the last logit
        shown = []
        for c in range(CLASSES):
            context.set(dut.number, c)
            shown.append(context.get(dut.logit))
        return shown

    async def bench(context: Any) -> None:
        for channel, value in enumerate(mean):
            context.set(dut.mean_address, channel)
            context.set(dut.mean_data, int(value))
            context.set(dut.mean_write, 1)
            await context.tick()
        context.set(dut.mean_write, 0)
        for number in range(6):
            count = random_map(rng, plan.shape.output, plan.tile)
            response = random_map(rng, plan.shape.output, plan.tile)
            if number == 0:  # the largest
                count[:], response[:] = plan.tile, plan.tile
            elif number == 1:
                count[:], response[:] = 0, 0
            scale = int(rng.choice([1, 2**SCALE_WIDTH - 1, rng.integers(1, 2**SCALE_WIDTH)]))
            learn = bool(rng.integers(2)) or number == 0
            context.set(dut.scale, scale)
            await tally(context, count, response)
            totals, responses = count.sum((0, 1)), response.sum((0, 1))
            difference = goodness.centred(totals[None], mean[None])
            assert await judge(context, learn=learn) == goodness.logits(difference, np.array([scale]))[0].tolist()
            if learn and running:
                mean[:] = goodness.average(mean[None], difference, config.momentum_shift)[0]
            await context.tick()
            for block in range(plan.blocks):
                context.set(dut.tally_block, block)
                await context.tick()
                shown = unpack(context.get(Value.cast(dut.tally)), plan.count_width, 2 * plan.tiles)
                own = slice(block * plan.tiles, (block + 1) * plan.tiles)
                assert shown == np.stack([totals[own], responses[own]], 1).ravel().tolist()
            for channel in rng.permutation(plan.channels)[:5]:
                context.set(dut.mean_address, int(channel))
                await context.tick()
                assert context.get(dut.mean_read) == mean[channel]

    simulate(dut, bench)


# ---- softmax


async def classify(context: Any, dut: Softmax, held: list[int], logits: np.ndarray, label: int) -> None:
    """One sample, every output and the number of cycles."""
    held[:] = logits.tolist()
    context.set(dut.logit, held[context.get(dut.number)])
    context.set(dut.label, label)
    context.set(dut.start, 1)
    await context.tick()
    context.set(dut.start, 0)
    for _ in range(dut.CYCLES - 1):
        assert not context.get(dut.done)
        await context.tick()
    assert context.get(dut.done)
    z, y = logits[None], np.array([label])
    errors = softmax.class_error(z, y)[0]
    for c in range(CLASSES):
        context.set(dut.error_number, c)
        assert context.get(dut.error) == errors[c]
    assert context.get(dut.label_error) == errors[label]
    assert context.get(dut.loss) == softmax.cross_entropy(z, y)[0]
    assert context.get(dut.best) == logits.argmax()
    await context.tick()
    assert not context.get(dut.done)


def samples(width: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Logits far apart and near, with ties, at both ends of their width."""
    low, high = -(2 ** (width - 1)), 2 ** (width - 1) - 1
    several = [np.full(CLASSES, v) for v in (0, low, high)]  # all equal: the largest sum of powers
    several += [np.where(np.arange(CLASSES) == c, high, low) for c in (0, 4, 9)]
    several += [np.where(np.arange(CLASSES) == c, low, high) for c in (0, 9)]
    # as far below the largest as the power is the last one that counts, and the first that does not
    several += [np.array([0, -d, *[low] * 8]).clip(low, high) for d in (16 * 64, 16 * 64 + 63, 17 * 64)]
    for spread in (1, 30, 200, 2000, 10**6):
        several += [rng.normal(0, spread, CLASSES).astype(int).clip(low, high) for _ in range(4)]
    return several


@pytest.mark.parametrize("width", [8, 13, 32, 40])
def test_softmax(width: int, rng: np.random.Generator) -> None:
    dut = Softmax(width)
    held = [0] * CLASSES

    async def bench(context: Any) -> None:
        for logits in samples(width, rng):
            await classify(context, dut, held, logits, int(rng.integers(CLASSES)))
            for _ in range(int(rng.integers(3))):
                await context.tick()

    simulate(dut, bench, background=[table(dut.number, dut.logit, held)])


@pytest.mark.parametrize("others", [0, 3, 9])
def test_every_fraction_of_a_power(others: int) -> None:
    """A logit of each distance from the largest, with some as large: each entry of both tables, each leading one."""
    dut = Softmax(12)
    held = [0] * CLASSES

    async def bench(context: Any) -> None:
        for distance in range(0, 64, 1 if others == 0 else 7):
            logits = np.array([*[100] * others, 100 - distance, *[-1900] * (9 - others)])
            if others == 0:
                logits[-1] = 100
            await classify(context, dut, held, logits, distance % CLASSES)

    simulate(dut, bench, background=[table(dut.number, dut.logit, held)])
