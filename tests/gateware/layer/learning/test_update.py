"""The update of rows: what is written, what moved, in which cycles, and the host's way through it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import pack, read_port, simulate, unpack
from seeds import rng_for
from update_cases import PLANS, changed, coefficients, packed, random_weights

from bsff.contract.formats import GAIN_BITS
from bsff_hw.layer.learning.lane import UpdateLane
from bsff_hw.layer.learning.update import RowUpdate
from bsff_hw.plan import LayerPlan

every = pytest.mark.parametrize("name", PLANS)


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


class Seen:
    """What a `RowUpdate` did with some jobs."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.written: list[tuple[int, int, int, int]] = []  # cycle, banks, address, rows
        self.moved: list[tuple[int, list[int], int]] = []  # word, changes, first
        self.reads: list[int] = []
        self.saturated = self.cycle = 0


def expected_row(plan: LayerPlan, job: Job, gain: np.ndarray, correction: np.ndarray) -> tuple[np.ndarray, int]:
    """The row of every part that a job leaves, and the weights clipped in it."""
    if job.host:
        row = job.rows.copy()
        if job.write:
            row[job.part, job.step * plan.update_lanes + job.lane] = unpack(job.data, plan.weight_bits, 1, signed=True)[
                0
            ]
        return row, 0
    own = slice(job.fold * plan.row_steps, (job.fold + 1) * plan.row_steps)
    k, c = (a[own].transpose(1, 0, 2).reshape(plan.parts, -1) for a in (gain, correction))
    row, wanted = changed(plan, job.sums, job.rows, k, c, job.dither)
    return row, int((row != wanted).sum())


def work_off(plan: LayerPlan, jobs: list[Job], store: list[int], rng: np.random.Generator) -> Seen:
    """Rows one after another and with pauses."""
    dut, seen = RowUpdate(plan), Seen()
    row, edit = dut.updates.payload, dut.edit

    async def watch(context: Any) -> None:
        before = 0
        while True:
            *_, write, address, rows, valid, first, at, values, count, done, read, busy = await context.tick().sample(
                Value.cast(dut.write.banks),
                dut.write.address,
                Value.cast(dut.write.rows),
                dut.moves.valid,
                dut.moves.first,
                dut.moves.address,
                Value.cast(dut.moves.changes),
                dut.saturated,
                edit.done,
                edit.weight,
                dut.busy,
            )
            if write:
                seen.written.append((seen.cycle, write, address, rows))
            if valid:
                changes = unpack(values, plan.weight_bits + 1, plan.parts * plan.update_lanes, signed=True)
                seen.moved.append((before, changes, first))
                assert busy
            seen.saturated += count
            if done:
                seen.reads.append(read)
            before, seen.cycle = at, seen.cycle + 1

    async def feed(context: Any) -> None:
        for job in jobs:
            while not context.get(edit.free) or rng.random() < 0.3:
                await context.tick()
            begin = edit.begin if job.host else dut.updates.valid
            context.set(begin, 1)
            context.set(Value.cast(row.sums), pack(job.sums.ravel(), plan.change_width))
            context.set(Value.cast(row.rows), pack(job.rows.ravel(), plan.weight_bits))
            for key in ("fold", "first", "dither"):
                context.set(getattr(row, key), getattr(job, key))
            for key in ("bank", "address"):  # only that of the one that begins counts
                context.set(getattr(row, key), 0 if job.host else getattr(job, key))
                context.set(getattr(edit, key), getattr(job, key) if job.host else 0)
            if job.host:
                for key in ("write", "part", "lane", "step", "data"):
                    context.set(getattr(edit, key), getattr(job, key))
            seen.begun.append(seen.cycle)
            await context.tick()
            context.set(begin, 0)
            context.set(Value.cast(row.sums), 0)
            context.set(Value.cast(row.rows), 0)
            while job.host and not context.get(edit.done):
                await context.tick()
        while context.get(dut.busy):
            await context.tick()
        await context.tick()
        await context.tick()

    simulate(dut, feed, background=[read_port(dut.coefficients, store), watch])
    return seen


@every
@pytest.mark.parametrize("hosts", [0.0, 0.3])
def test_rows(name: str, hosts: float, seed: int) -> None:
    """Rows of the update, with or without accesses of the host between them, are written as the model has them."""
    plan, rng = PLANS[name], rng_for(name, seed)
    gain, correction = coefficients(plan, (plan.lane_words, plan.parts, plan.update_lanes), rng)
    store = [packed(plan, g, c) for g, c in zip(gain, correction, strict=True)]
    jobs = [Job(plan, rng, host=bool(rng.random() < hosts)) for _ in range(40)]
    seen = work_off(plan, jobs, store, rng)
    rows = [expected_row(plan, job, gain, correction) for job in jobs]
    assert seen.saturated == sum(clipped for _, clipped in rows)
    check_written(plan, jobs, [row for row, _ in rows], seen)
    check_moves(plan, jobs, [row for row, _ in rows], seen)
    assert seen.reads == [j.rows[j.part, j.step * plan.update_lanes + j.lane] for j in jobs if j.host]


def check_written(plan: LayerPlan, jobs: list[Job], rows: list[np.ndarray], seen: Seen) -> None:
    """A row is written LATENCY + 1 cycles after its last step; the host's row only in the part that it writes."""
    expected = []
    for at, job, row in zip(seen.begun, jobs, rows, strict=True):
        parts = job.write << job.part if job.host else (1 << plan.parts) - 1
        if parts:
            banks = pack([job.bank * (parts >> p & 1) for p in range(plan.parts)], plan.banks)
            word = pack(row.ravel(), plan.weight_bits)
            expected.append((at + plan.row_steps + UpdateLane.LATENCY + 1, banks, job.address, word))
    assert seen.written == expected


def check_moves(plan: LayerPlan, jobs: list[Job], rows: list[np.ndarray], seen: Seen) -> None:
    """Every step of the update, none of the host, tells by how much its weights moved."""
    expected = []
    for job, row in zip(jobs, rows, strict=True):
        change = (row - job.rows).reshape(plan.parts, plan.row_steps, plan.update_lanes)
        if not job.host:
            word = job.fold * plan.row_steps
            expected += [(word + s, change[:, s].ravel().tolist(), job.first) for s in range(plan.row_steps)]
    assert seen.moved == expected


@every
def test_rows_follow_each_other_without_a_pause(name: str, rng: np.random.Generator) -> None:
    plan = PLANS[name]
    dut = RowUpdate(plan)
    begun = []

    async def bench(context: Any) -> None:
        free = True
        for cycle in range(5 * max(plan.row_steps, 2)):
            begin = free and begun[-1:] != [cycle - 1]
            context.set(dut.updates.valid, begin)
            begun.extend([cycle] * begin)
            if plan.row_steps > 1:
                assert not begin or context.get(dut.edit.free)
            free = bool(context.get(dut.free))
            await context.tick()

    simulate(dut, bench)
    assert begun == list(range(0, 5 * max(plan.row_steps, 2), max(plan.row_steps, 2)))
