"""Gains, corrections and biases against the formulas of `golden.update`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from bsff_hw.plan.plan import LayerPlan
from hw_helpers import layer_plan, memory, pack, simulate, table, unpack

from bsff.config import CLASSES
from bsff.contract import formats
from bsff.contract.numerics import STEP_MAX, step_bound
from bsff.golden import update
from bsff_hw.layer.learning.learn import Learn

ONE = {"channels": 10, "kernel": 1, "padding": 0}
FIRST = {**ONE, "channels": 20}
PLANS = {
    "one word": layer_plan({**ONE, "tiles": 1, "update_lanes": 10}, pixels=(3, 3, 1)),
    "steps": layer_plan({**ONE, "tiles": 5, "update_lanes": 2, "tile": 3, "kernel": 3, "padding": 1}, pixels=(3, 3, 1)),
    "inner folds": layer_plan({**ONE, "channels": 30, "lanes": 6, "tiles": 3, "update_lanes": 3}, pixels=(2, 2, 1)),
    "not centred": layer_plan({**ONE, "tiles": 10, "centre": False}, pixels=(2, 2, 1)),
    "counts, groups in pairs": layer_plan(
        {**FIRST, "tile": 3}, {**FIRST, "channels": 40, "groups": 10, "lanes": 8, "update_lanes": 2}, pixels=(2, 2, 1)
    ),
    "groups, inner folds": layer_plan(FIRST, {**FIRST, "channels": 40, "groups": 10, "lanes": 2}, pixels=(2, 2, 1)),
    "all groups": layer_plan(FIRST, {**FIRST, "groups": 10, "lanes": 20, "update_lanes": 2, "tile": 2}, pixels=(2, 3, 1)),
}  # fmt: skip


def place(plan: LayerPlan, channel: int) -> tuple[int, int, int]:
    """Word, part and lane of a channel in the memories of the update."""
    fold, lane = divmod(channel % plan.shape.group_channels, plan.row_lanes)
    group = channel // plan.shape.group_channels
    turn, part = divmod(group, plan.parts)
    return ((turn * plan.inner + fold) * plan.row_steps + lane // plan.update_lanes, part, lane % plan.update_lanes)


@pytest.mark.parametrize("name", PLANS)
def test_learn(name: str, seed: int) -> None:
    plan = PLANS[name]
    rng = np.random.default_rng([seed, len(name)])
    dut = Learn(plan)
    words = plan.folds * plan.row_steps
    lanes = plan.parts * plan.update_lanes
    where = [place(plan, c) for c in range(plan.channels)]
    tally: list[int] = [0] * plan.blocks
    bias = rng.integers(-(2**31), 2**31, plan.channels)
    banks = [0] * plan.blocks  # the memory of the biases
    shown_errors = [0] * CLASSES
    cycles: list[int] = []

    def store_biases() -> None:
        banks[:] = [pack(b, 32) for b in bias.reshape(-1, plan.tiles)]

    async def biases(context: Any) -> None:
        while True:
            *_, mask, block, word = await context.tick().sample(dut.bias_mask, dut.bias_write_block, dut.bias_write)
            for unit in range(plan.tiles):
                if mask >> unit & 1:
                    bias[block * plan.tiles + unit] = unpack(word, 32, 1, signed=True)[0]
            store_biases()

    async def move(context: Any, moved: np.ndarray) -> None:
        """Changes (rows, channels) as `update.RowUpdate` hands them over: a word's address a cycle before its changes."""
        words_of_row = np.zeros((len(moved), words, lanes), int)
        for channel, (word, part, lane) in enumerate(where):
            words_of_row[:, word, part * plan.update_lanes + lane] = moved[:, channel]
        events: list[tuple[int, list[int], bool] | None] = []
        for tap, row in enumerate(words_of_row):
            for fold in range(plan.folds):
                steps = range(fold * plan.row_steps, (fold + 1) * plan.row_steps)
                events += [(step, row[step].tolist(), tap == 0) for step in steps]
                events += [None] * int(rng.choice([0, 0, 1, 3]))
        before = None
        for event in [*events, None]:
            context.set(dut.moved_address, event[0] if event else int(rng.integers(words)))
            context.set(dut.moved_valid, before is not None)
            context.set(dut.moved_first, before[2] if before else int(rng.integers(2)))
            context.set(Value.cast(dut.moved), pack(before[1], plan.weight_bits + 1) if before else 0)
            await context.tick()
            before = event
        context.set(dut.moved_valid, 0)

    async def bench(context: Any) -> None:
        for number in range(6):
            errors = rng.integers(-4096, 4097, CLASSES)
            step = min(int(rng.choice([1, 300, STEP_MAX])), step_bound(plan.shape))
            most = plan.shape.outputs * plan.tile
            response = rng.integers(0, most + 1, plan.channels)
            inputs = plan.height * plan.width * plan.channels_in
            activity = int(rng.choice([0, inputs * plan.levels * 256, rng.integers(inputs * plan.levels * 256)]))
            if number == 0:  # the largest there can be
                errors[:], response[:], step = (
                    rng.choice([-4096, 4096], CLASSES),
                    most,
                    min(STEP_MAX, step_bound(plan.shape)),
                )
                activity = inputs * plan.levels * 256
                bias[:] = rng.choice([-(2**31), 2**31 - 1], plan.channels)
            top = 2**plan.weight_bits - 1
            moved = rng.integers(-top, top + 1, (plan.taps, plan.channels))
            if number < 2:
                moved[:] = rng.choice([-top, top], plan.channels)
            before = bias.copy()
            store_biases()
            responses = [pack([n, d], plan.count_width) for n, d in zip(rng.integers(0, most + 1, plan.channels), response, strict=True)]  # fmt: skip
            tally[:] = [
                pack(responses[b * plan.tiles : (b + 1) * plan.tiles], 2 * plan.count_width) for b in range(plan.blocks)
            ]

            shown_errors[:] = errors.tolist()
            context.set(dut.error, shown_errors[context.get(dut.error_number) % CLASSES])
            context.set(dut.step, step)
            context.set(dut.activity, activity)
            context.set(dut.start, 1)
            await context.tick()
            context.set(dut.start, 0)
            cycles.append(1)
            while not context.get(dut.rows):
                cycles[-1] += 1
                await context.tick()
            gain = update.gains(errors[None], np.array([step]))[0].repeat(plan.channels // CLASSES)
            mean = int(update.mean_activity(np.array(activity), inputs)) * plan.shape.config.centre
            correction = update.half_up(response * mean * gain, formats.INPUT_MEAN_BITS)
            for word in rng.permutation(words):
                context.set(dut.coefficient_address, int(word))
                await context.tick()
                shown = unpack(context.get(Value.cast(dut.coefficients)), plan.gain_width + 32, lanes)
                for channel, (own, part, lane) in enumerate(where):
                    if own == word:
                        pair = shown[part * plan.update_lanes + lane]
                        assert unpack(pair, plan.gain_width, 1, signed=True) == [gain[channel]]
                        assert unpack(pair >> plan.gain_width, 32, 1, signed=True) == [-correction[channel]]
            await move(context, moved)
            assert (bias == before).all()

            context.set(dut.rows_done, 1)
            await context.tick()
            context.set(dut.rows_done, 0)
            cycles.append(1)
            while not context.get(dut.done):
                cycles[-1] += 1
                await context.tick()
            folded = update.half_up(moved.sum(0) * mean, formats.INPUT_MEAN_BITS - formats.BIAS_BITS)
            change = update.half_up(response * gain, formats.GAIN_BITS - formats.BIAS_BITS) - folded
            assert bias.tolist() == np.clip(before + change, -(2**31), 2**31 - 1).tolist()
            await context.tick()
            assert not context.get(dut.done)

    simulate(
        dut,
        bench,
        background=[
            memory(dut.tally_block, dut.tally, tally),
            memory(dut.bias_block, dut.bias, banks),
            table(dut.error_number, dut.error, shown_errors),
            biases,
        ],
    )
    # the serial parts: a channel a cycle, gains and pipeline before, the pipeline after
    assert cycles == [plan.channels + CLASSES + 9, plan.channels + 8] * 6
