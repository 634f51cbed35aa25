"""The update of weights: one lane, a row of them with the host's way through it, and the order of all rows."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import layer_plan, memory, pack, simulate, unpack

from bsff.golden import update
from bsff_hw.layer.forward.accumulate import Accumulate
from bsff_hw.layer.learning.rows import Rows
from bsff_hw.layer.learning.update import RowUpdate, UpdateLane
from bsff_hw.plan.plan import GAIN_BITS, LayerPlan

FIRST = {"channels": 20, "kernel": 1, "padding": 0}
PLAIN = {"channels": 10, "kernel": 3, "padding": 1}
PLANS = {
    "a lane": layer_plan({**PLAIN, "update_lanes": 1, "weight_bits": 8, "fraction_bits": 4}, pixels=(3, 3, 1)),
    "all lanes": layer_plan({**PLAIN, "update_lanes": 10, "banks": 4}, pixels=(3, 3, 1)),
    "inner folds": layer_plan({**PLAIN, "lanes": 5, "banks": 2, "update_lanes": 5, "tile": 3}, pixels=(4, 3, 1)),
    "groups in turn": layer_plan(FIRST, {**FIRST, "groups": 10, "kernel": 2, "banks": 3}, pixels=(3, 3, 1)),
    "groups in pairs": layer_plan(
        {**FIRST, "tile": 2}, {**FIRST, "channels": 40, "groups": 10, "lanes": 8, "update_lanes": 2}, pixels=(2, 2, 1)
    ),
    "all groups": layer_plan(FIRST, {**FIRST, "groups": 10, "lanes": 20, "weight_bits": 16, "update_lanes": 2}, pixels=(2, 3, 1)),
}  # fmt: skip
every = pytest.mark.parametrize("name", PLANS)


def coefficients(plan: LayerPlan, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Gains and corrections such that S k - C + dither stays within 32 bits, as the host sees to."""
    bound = (2**31 - 2 ** (GAIN_BITS + 1)) // plan.shape.sum_bound
    gain_bound = min(bound, 2 ** (plan.gain_width - 1) - 1)
    scale = rng.choice([gain_bound, 2**14, 2**9], shape)
    gain = (rng.uniform(-1, 1, shape) * np.minimum(scale, gain_bound)).astype(int)
    gain = np.where(rng.random(shape) < 0.1, np.sign(gain) * gain_bound, gain)
    largest = abs(gain) * plan.shape.sum_bound
    correction = np.sign(gain) * (rng.random(shape) * largest).astype(int)  # of the sign of the product, and no larger
    correction = np.where(rng.random(shape) < 0.1, np.sign(gain) * largest, correction)
    return gain, correction


def packed(plan: LayerPlan, gain: np.ndarray, correction: np.ndarray) -> int:
    pairs = [pack([k], plan.gain_width) | pack([-c], 32) << plan.gain_width for k, c in zip(gain.ravel(), correction.ravel(), strict=True)]  # fmt: skip
    return pack(pairs, plan.gain_width + 32)


def changed(plan: LayerPlan, sums: Any, weights: Any, gain: Any, correction: Any, dither: Any) -> tuple[Any, Any]:
    """W' and what it would be without a limit, as in `golden.update.update`."""
    wanted = weights + ((sums * gain - correction + dither) >> update.GAIN_BITS)
    high = 2 ** (plan.weight_bits - 1) - 1
    return np.clip(wanted, -high - 1, high), wanted


def random_weights(plan: LayerPlan, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    top = 2 ** (plan.weight_bits - 1)
    weights = rng.integers(-top, top, shape)
    return np.where(rng.random(shape) < 0.3, rng.choice([-top, top - 1], shape), weights)


# ---- one lane


@pytest.mark.parametrize("name", ["a lane", "inner folds", "all groups"])
def test_lane(name: str, rng: np.random.Generator) -> None:
    """A weight a cycle; W' four cycles after S and W, the coefficient one cycle after them, the dither three."""
    plan = PLANS[name]
    dut = UpdateLane(plan)
    count = 600
    sums = rng.integers(0, plan.shape.sum_bound + 1, count)
    weights = random_weights(plan, (count,), rng)
    gain, correction = coefficients(plan, (count,), rng)
    dither = rng.choice([0, 2**12 - 1, 2048, 77], count)
    expected, wanted = changed(plan, sums, weights, gain, correction, dither)
    assert {*np.sign(wanted - expected).tolist()} == {-1, 0, 1}  # both ends are met

    async def bench(context: Any) -> None:
        for i in range(count + dut.LATENCY):
            now, late, latest = (min(max(i - delay, 0), count - 1) for delay in (0, 1, 3))
            context.set(dut.sum, int(sums[now]))
            context.set(dut.weight, int(weights[now]))
            context.set(dut.coefficient.as_value(), packed(plan, gain[late], correction[late]))
            context.set(dut.dither, int(dither[latest]))
            if (done := i - dut.LATENCY) >= 0:
                assert context.get(dut.changed) == expected[done]
                assert context.get(dut.unchanged) == weights[done]
                assert context.get(dut.moved) == expected[done] - weights[done]
                assert context.get(dut.saturated) == (expected[done] != wanted[done])
            await context.tick()

    simulate(dut, bench)


@pytest.mark.parametrize("change", [-9, -1, 0, 1, 9])
def test_every_weight_of_eight_bits(change: int) -> None:
    plan = PLANS["a lane"]
    dut = UpdateLane(plan)
    outputs = []

    async def bench(context: Any) -> None:
        context.set(dut.sum, 1)
        context.set(dut.coefficient.gain, change << GAIN_BITS)
        context.set(dut.dither, 2**GAIN_BITS - 1)  # what is dropped
        for weight in [*range(-128, 128), *[0] * dut.LATENCY]:
            context.set(dut.weight, weight)
            outputs.append(context.get(dut.changed))
            await context.tick()

    simulate(dut, bench)
    assert outputs[dut.LATENCY :] == np.clip(np.arange(-128, 128) + change, -128, 127).tolist()


# ---- a row


class Job:
    """A row of every part to be worked off, or one of its weights for the host."""

    def __init__(self, plan: LayerPlan, rng: np.random.Generator, *, host: bool) -> None:
        shape = (plan.parts, plan.row_lanes)
        self.sums = rng.integers(0, plan.shape.sum_bound + 1, shape)
        self.rows = random_weights(plan, shape, rng)
        self.fold, self.first = int(rng.integers(plan.folds)), int(rng.integers(2))
        self.bank = 1 << int(rng.integers(plan.banks))
        self.address = int(rng.integers(plan.depth))
        self.dither = int(rng.integers(2**GAIN_BITS))
        self.host, self.write = host, bool(rng.integers(2))
        self.part, self.lane, self.step = (
            int(rng.integers(n)) for n in (plan.parts, plan.update_lanes, plan.row_steps)
        )
        self.data = int(random_weights(plan, (1,), rng)[0]) % 2**plan.weight_bits


@every
def test_rows(name: str, seed: int) -> None:
    """Rows one after another and with pauses: what is written, what moved, in which cycles."""
    plan = PLANS[name]
    rng = np.random.default_rng([seed, len(name)])
    dut = RowUpdate(plan)
    words = plan.folds * plan.row_steps
    gain, correction = coefficients(plan, (words, plan.parts, plan.update_lanes), rng)
    store = [packed(plan, g, c) for g, c in zip(gain, correction, strict=True)]
    jobs = [Job(plan, rng, host=bool(rng.random() < 0.3)) for _ in range(40)]
    expected, clipped = [], 0
    for job in jobs:
        own = slice(job.fold * plan.row_steps, (job.fold + 1) * plan.row_steps)
        k, c = (a[own].transpose(1, 0, 2).reshape(plan.parts, -1) for a in (gain, correction))
        row, wanted = changed(plan, job.sums, job.rows, k, c, job.dither)
        if job.host:
            row = job.rows.copy()
            if job.write:
                row[job.part, job.step * plan.update_lanes + job.lane] = unpack(
                    job.data, plan.weight_bits, 1, signed=True
                )[0]
        else:
            clipped += int((row != wanted).sum())
        expected.append(row)
    begun: list[int] = []
    written: list[tuple[int, int, int, int]] = []
    moved: list[tuple[int, list[int], int]] = []
    reads: list[int] = []
    saturated, cycle = 0, 0

    async def watch(context: Any) -> None:
        nonlocal saturated, cycle
        before = 0
        while True:
            *_, write, address, rows, valid, first, at, values, count, done, read, busy = await context.tick().sample(
                Value.cast(dut.write), dut.write_address, Value.cast(dut.write_rows), dut.moved_valid, dut.moved_first,
                dut.moved_address, Value.cast(dut.moved), dut.saturated, dut.host_done, dut.host_read, dut.busy,
            )  # fmt: skip
            if write:
                written.append((cycle, write, address, rows))
            if valid:
                moved.append(
                    (before, unpack(values, plan.weight_bits + 1, plan.parts * plan.update_lanes, signed=True), first)
                )
                assert busy
            saturated += count
            if done:
                reads.append(read)
            before, cycle = at, cycle + 1

    async def feed(context: Any) -> None:
        for job in jobs:
            while not context.get(dut.free) or rng.random() < 0.3:
                await context.tick()
            context.set(dut.begin, 1)
            context.set(Value.cast(dut.sums), pack(job.sums.ravel(), plan.change_width))
            context.set(Value.cast(dut.rows), pack(job.rows.ravel(), plan.weight_bits))
            for key in ("fold", "first", "bank", "address", "dither", "host"):
                context.set(getattr(dut, key), getattr(job, key))
            if job.host:
                context.set(dut.host_write, job.write)
                for key in ("part", "lane", "step", "data"):
                    context.set(getattr(dut, f"host_{key}"), getattr(job, key))
            begun.append(cycle)
            await context.tick()
            context.set(dut.begin, 0)
            context.set(Value.cast(dut.sums), 0)
            context.set(Value.cast(dut.rows), 0)
            while job.host and not context.get(dut.host_done):
                await context.tick()
        while context.get(dut.busy):
            await context.tick()
        await context.tick()
        await context.tick()

    simulate(dut, feed, background=[memory(dut.coefficient_address, dut.coefficients, store), watch])
    assert saturated == clipped
    assert reads == [j.rows[j.part, j.step * plan.update_lanes + j.lane] for j in jobs if j.host]
    # a row is written LATENCY + 1 cycles after its last step; the host's row only in the part that it writes
    everywhere = [(1 << plan.parts) - 1 if not j.host else j.write << j.part for j in jobs]
    assert written == [
        (at + plan.row_steps + UpdateLane.LATENCY + 1, pack([job.bank * (parts >> p & 1) for p in range(plan.parts)], plan.banks),
         job.address, pack((pack(r, plan.weight_bits) for r in row), plan.row_lanes * plan.weight_bits))
        for at, job, row, parts in zip(begun, jobs, expected, everywhere, strict=True) if parts
    ]  # fmt: skip
    steps = []
    for job, row in zip(jobs, expected, strict=True):
        change = (row - job.rows).reshape(plan.parts, plan.row_steps, plan.update_lanes)
        if not job.host:
            steps += [
                (job.fold * plan.row_steps + s, change[:, s].ravel().tolist(), job.first) for s in range(plan.row_steps)
            ]
    assert moved == steps


@every
def test_a_row_every_row_steps_cycles(name: str, rng: np.random.Generator) -> None:
    plan = PLANS[name]
    dut = RowUpdate(plan)
    begun = []

    async def bench(context: Any) -> None:
        for cycle in range(5 * plan.row_steps):
            free = context.get(dut.free)
            context.set(dut.begin, free)
            begun.extend([cycle] * free)
            await context.tick()

    simulate(dut, bench)
    assert begun == list(range(0, 5 * plan.row_steps, plan.row_steps))


# ---- every row


@every
def test_order_of_rows(name: str, seed: int) -> None:
    """Each pass once, with the dither of its tap, begun when row and sums are there; `done` after the last is written."""
    plan = PLANS[name]
    rng = np.random.default_rng([seed, len(name)])
    dut = Rows(plan)
    state = int(rng.integers(1, 2**63))
    begun: list[tuple[int, int, int, int]] = []
    busy_for = 7

    async def bench(context: Any) -> None:
        nonlocal state
        for half in range(2):
            context.set(dut.load, 1 << half)
            context.set(dut.load_data, (state >> (32 * half)) & 0xFFFFFFFF)
            await context.tick()
        context.set(dut.load, 0)
        for _ in range(2):
            begun.clear()
            context.set(dut.start, 1)
            await context.tick()
            context.set(dut.start, 0)
            fetched, last_begin = None, 0
            for cycle in itertools.count():
                sums, free = rng.random() < 0.7, rng.random() < 0.7
                context.set(dut.sums_valid, sums)
                context.set(dut.free, free)
                context.set(dut.busy, bool(begun) and cycle <= last_begin + busy_for)
                if context.get(dut.fetch):
                    assert fetched is None
                    fetched = cycle
                    row = context.get(dut.bank), context.get(dut.address)
                begin = context.get(dut.begin)
                assert begin == context.get(dut.sums_ready)
                if fetched is not None:
                    assert begin == (sums and free and cycle >= fetched + Accumulate.ROW_LATENCY)
                if begin:
                    at = [context.get(getattr(dut, key)) for key in ("bank", "address", "fold", "first", "dither")]
                    assert (at[0], at[1]) == row
                    begun.append(tuple(at))
                    fetched, last_begin = None, cycle
                if context.get(dut.done):
                    # the last row is written in the first cycle that is not busy
                    assert cycle == last_begin + busy_for + 1 + 3
                    break
                await context.tick()
            noise, after = update.dither(np.array([state], np.uint64), plan.taps)
            assert begun == [
                (
                    1 << (tap % plan.banks),
                    fold * plan.rows_of_bank + tap // plan.banks,
                    fold,
                    int(tap == 0),
                    noise[0, tap],
                )
                for tap in range(plan.taps)
                for fold in range(plan.folds)
            ]
            state = int(after[0])
            assert context.get(dut.state) == state
            await context.tick()
            assert not context.get(dut.done)

    simulate(dut, bench)


def test_a_row_is_fetched_while_the_one_before_waits() -> None:
    """Five cycles a row at best: fetched, four cycles on its way, begun."""
    plan = PLANS["all lanes"]
    dut = Rows(plan)
    begun = []

    async def bench(context: Any) -> None:
        context.set(dut.sums_valid, 1)
        context.set(dut.free, 1)
        context.set(dut.start, 1)
        await context.tick()
        context.set(dut.start, 0)
        for cycle in range(50):
            begun.extend([cycle] * context.get(dut.begin))
            await context.tick()

    simulate(dut, bench)
    assert begun == [5 * i + 4 for i in range(plan.taps)]
