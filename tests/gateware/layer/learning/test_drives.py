"""Coefficients and biases against the formulas of `golden.update`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import layer_plan, pack, read_port, simulate, table, unpack
from seeds import rng_for

from bsff.contract.formats import (
    BIAS_BITS,
    BIAS_WIDTH,
    ERROR_BITS,
    GAIN_BITS,
    GAIN_WIDTH,
    INPUT_MEAN_BITS,
    STEP_WIDTH,
    SUM_WIDTH,
)
from bsff.contract.numerics import firing_count, firing_shift, step_bound
from bsff.golden import update
from bsff_hw.layer.learning.drives import DRAIN, Drives
from bsff_hw.plan import LayerPlan

ONE = {"channels": 10, "kernel": 1, "padding": 0}
FIRST = {**ONE, "channels": 20}
FOUR = {**FIRST, "channels": 40, "groups": 10}
PLANS = {
    "one word": layer_plan({**ONE, "tiles": 1, "update_lanes": 10}, pixels=(3, 3, 1)),
    "steps": layer_plan({**ONE, "tiles": 5, "update_lanes": 2, "tile": 3, "kernel": 3, "padding": 1}, pixels=(3, 3, 1)),
    "inner folds": layer_plan({**ONE, "channels": 30, "lanes": 6, "tiles": 3, "update_lanes": 3}, pixels=(2, 2, 1)),
    "not centred": layer_plan({**ONE, "tiles": 10, "centre": False}, pixels=(2, 2, 1)),
    "counts, pairs": layer_plan({**FIRST, "tile": 3}, {**FOUR, "lanes": 8, "update_lanes": 2}, pixels=(2, 2, 1)),
    "groups, inner folds": layer_plan(FIRST, {**FOUR, "lanes": 2}, pixels=(2, 2, 1)),
    "all groups": layer_plan(
        FIRST, {**FIRST, "groups": 10, "lanes": 20, "update_lanes": 2, "tile": 2}, pixels=(2, 3, 1)
    ),
    "a target": layer_plan({**ONE, "tiles": 5, "firing": 0.1}, pixels=(3, 3, 1)),
    "a target, to the right": layer_plan(
        {**ONE, "tiles": 2, "tile": 3, "firing": 0.3, "firing_step": 0.0001}, pixels=(5, 5, 1)
    ),
    "three classes": layer_plan({**ONE, "channels": 6, "tiles": 2, "update_lanes": 3}, pixels=(2, 2, 1), classes=3),
}
LOW, HIGH = -(2 ** (BIAS_WIDTH - 1)), 2 ** (BIAS_WIDTH - 1) - 1
every = pytest.mark.parametrize("name", PLANS)
extreme = pytest.mark.parametrize("largest", [False, True])


class Learnt(NamedTuple):
    """What a sample left behind: gains by class, counts and responses by channel, activity, mean of an input."""

    gain: np.ndarray
    count: np.ndarray
    response: np.ndarray
    activity: int
    mean: int

    def by_channel(self) -> np.ndarray:
        return self.gain.repeat(len(self.response) // len(self.gain))


def learnt(plan: LayerPlan, rng: np.random.Generator, largest: bool) -> Learnt:
    one, most = 2**ERROR_BITS, plan.shape.outputs * plan.tile
    top = min(2**STEP_WIDTH - 1, step_bound(plan.shape))
    whole = (plan.inputs * plan.levels) << 8
    if largest:
        errors, step, activity = rng.choice([-one, one], plan.classes), top, whole
        response = np.full(plan.channels, most)
    else:
        errors, step = rng.integers(-one, one + 1, plan.classes), min(int(rng.choice([1, 300, top])), top)
        response, activity = rng.integers(0, most + 1, plan.channels), int(rng.choice([0, whole, rng.integers(whole)]))
    mean = int(update.mean_activity(np.array(activity), plan.inputs)) * plan.shape.config.centre
    count = rng.choice([0, most], plan.channels) if largest else rng.integers(0, most + 1, plan.channels)
    return Learnt(update.half_up(errors * step, 8), count, response, activity, mean)


def lane_place(plan: LayerPlan, channel: int) -> tuple[int, int]:
    """Word of a channel in the memories of the update, and its lane among all of them."""
    group, column = divmod(channel, plan.shape.group_channels)
    turn, part = divmod(group, plan.parts)
    fold, lane = divmod(column, plan.row_lanes)
    word = (turn * plan.inner + fold) * plan.row_steps + lane // plan.update_lanes
    return word, part * plan.update_lanes + lane % plan.update_lanes


def run(plan: LayerPlan, sample: Learnt, rng: np.random.Generator, bench: Any, bias: np.ndarray) -> None:
    """Simulate with the memories around; `bench` gets the context and the component; `bias` is the biases' memory."""
    dut = Drives(plan)
    pairs = [pack(p, plan.count_width) for p in zip(sample.count, sample.response, strict=True)]
    tallies = [pack(pairs[i : i + plan.tiles], 2 * plan.count_width) for i in range(0, plan.channels, plan.tiles)]
    before = bias.tolist()

    async def read_biases(context: Any) -> None:
        while True:
            *_, beat = await context.tick().sample(dut.bias.address)
            context.set(dut.bias.word, before[beat * plan.tiles + context.get(dut.bias.unit)] & 0xFFFFFFFF)

    async def write_biases(context: Any) -> None:
        while True:
            *_, mask, beat, new = await context.tick().sample(
                dut.bias_write.mask, dut.bias_write.address, Value.cast(dut.bias_write.words)
            )
            values = unpack(new, BIAS_WIDTH, plan.tiles, signed=True)
            for unit in range(plan.tiles):
                if mask >> unit & 1:
                    bias[beat * plan.tiles + unit] = values[unit]

    async def whole(context: Any) -> None:
        context.set(dut.activity, sample.activity)
        context.set(dut.gain, int(sample.gain[0]))
        for _ in range(3):  # the mean of an input takes three cycles
            await context.tick()
        await bench(context, dut)

    memories = [read_port(dut.tallies, tallies), read_biases, write_biases]
    simulate(dut, whole, background=[*memories, table(dut.number, dut.gain, sample.gain.tolist())])


async def scan(context: Any, dut: Drives, *, biases: bool) -> int:
    """Visit every channel; the cycles for which they are visited."""
    context.set(dut.biases, biases)
    context.set(dut.start, 1)
    await context.tick()
    context.set(dut.start, 0)
    cycles = 0
    while context.get(dut.running):
        cycles += 1
        await context.tick()
    for _ in range(DRAIN):
        await context.tick()
    return cycles


async def move(context: Any, dut: Drives, plan: LayerPlan, moved: np.ndarray, rng: np.random.Generator) -> None:
    """Changes (rows, channels) as `update.RowUpdate` hands them over: a word's address a cycle before its changes."""
    lanes = plan.parts * plan.update_lanes
    rows = np.zeros((len(moved), plan.lane_words, lanes), int)
    for channel in range(plan.channels):
        word, lane = lane_place(plan, channel)
        rows[:, word, lane] = moved[:, channel]
    events: list[tuple[int, list[int], bool] | None] = []
    for tap, row in enumerate(rows):
        for fold in range(plan.folds):
            steps = range(fold * plan.row_steps, (fold + 1) * plan.row_steps)
            events += [(step, row[step].tolist(), tap == 0) for step in steps]
            events += [None] * int(rng.choice([0, 0, 1, 3]))
    before = None
    for event in [*events, None]:
        context.set(dut.moves.address, event[0] if event else int(rng.integers(plan.lane_words)))
        context.set(dut.moves.valid, before is not None)
        context.set(dut.moves.first, before[2] if before else int(rng.integers(2)))
        context.set(Value.cast(dut.moves.changes), pack(before[1], plan.weight_bits + 1) if before else 0)
        await context.tick()
        before = event
    context.set(dut.moves.valid, 0)


@every
@extreme
def test_coefficients(name: str, largest: bool, seed: int) -> None:
    """Gain and centring of every channel, in the memory of its lane; a channel a cycle; no bias moves."""
    plan, rng = PLANS[name], rng_for(name, seed)
    sample = learnt(plan, rng, largest)
    gain = sample.by_channel()
    correction = update.half_up(sample.response * sample.mean * gain, INPUT_MEAN_BITS)
    bias = rng.integers(LOW, HIGH + 1, plan.channels)
    before = bias.copy()

    async def bench(context: Any, dut: Drives) -> None:
        assert await scan(context, dut, biases=False) == plan.channels
        context.set(dut.coefficients.enable, 1)
        for channel in rng.permutation(plan.channels):
            word, lane = lane_place(plan, int(channel))
            context.set(dut.coefficients.address, word)
            await context.tick()
            shown = context.get(Value.cast(dut.coefficients.word)) >> (lane * (GAIN_WIDTH + SUM_WIDTH))
            assert unpack(shown, GAIN_WIDTH, 1, signed=True) == [gain[channel]]
            assert unpack(shown >> GAIN_WIDTH, SUM_WIDTH, 1, signed=True) == [-correction[channel]]

    run(plan, sample, rng, bench, bias)
    assert (bias == before).all()


@every
@extreme
def test_biases(name: str, largest: bool, seed: int) -> None:
    """A bias moves by its drive less what the weights' centring took, and towards a target; it stays within its width."""
    plan, rng = PLANS[name], rng_for(name, seed)
    sample = learnt(plan, rng, largest)
    top = 2**plan.weight_bits - 1
    moved = rng.integers(-top, top + 1, (plan.taps, plan.channels))
    bias = rng.integers(LOW, HIGH + 1, plan.channels)
    if largest:
        moved[:], bias[:] = rng.choice([-top, top], plan.channels), rng.choice([LOW, HIGH], plan.channels)
    before = bias.copy()

    async def bench(context: Any, dut: Drives) -> None:
        await move(context, dut, plan, rng.permutation(moved), rng)  # sums of the sample before are forgotten
        await move(context, dut, plan, moved, rng)
        assert await scan(context, dut, biases=True) == plan.channels

    run(plan, sample, rng, bench, bias)
    folded = update.half_up(moved.sum(0) * sample.mean, INPUT_MEAN_BITS - BIAS_BITS)
    change = update.half_up(sample.response * sample.by_channel(), GAIN_BITS - BIAS_BITS) - folded
    change += update.towards(sample.count, firing_count(plan.shape), firing_shift(plan.shape))
    assert bias.tolist() == np.clip(before + change, LOW, HIGH).tolist()
