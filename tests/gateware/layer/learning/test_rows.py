"""The order of all rows of an update: sums and weights brought together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from hw_helpers import load_generator, simulate
from seeds import rng_for
from update_cases import PLANS

from bsff.golden import update
from bsff_hw.interfaces import generator_signature, phase_signature
from bsff_hw.layer.forward.weights import row_read_signature
from bsff_hw.layer.learning.correlate import change_sums_layout
from bsff_hw.layer.learning.passes import Passes
from bsff_hw.layer.learning.rows import QUIET, Rows, row_update_layout
from bsff_hw.plan import LayerPlan
from bsff_hw.plan.latencies import ROW_LATENCY

BUSY = 7
"""Cycles for which a row is worked off here."""


class PassedRows(wiring.Component):
    """`Rows` with the passes that it begins."""

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        super().__init__(
            {
                "phase": In(phase_signature()),
                "sums": In(stream.Signature(change_sums_layout(plan))),
                "row": Out(row_read_signature(plan)),
                "updates": Out(stream.Signature(row_update_layout(plan), always_ready=True)),
                "free": In(1),
                "busy": In(1),
                "generator": In(generator_signature()),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.passes = passes = Passes(self._plan)
        m.submodules.ahead = ahead = Passes(self._plan)
        m.submodules.rows = rows = Rows(self._plan)
        connect(m, passes.passes, rows.passes)
        connect(m, ahead.passes, rows.ahead)
        for name in ("phase", "sums", "generator"):
            connect(m, flipped(getattr(self, name)), getattr(rows, name))
        connect(m, rows.row, flipped(self.row))
        connect(m, rows.updates, flipped(self.updates))
        m.d.comb += [
            passes.start.eq(self.phase.start),
            ahead.start.eq(self.phase.start),
            rows.busy.eq(self.busy),
            rows.free.eq(self.free),
        ]
        return m


def order(plan: LayerPlan, noise: np.ndarray) -> list[tuple[int, ...]]:
    """Bank, address, fold, first and dither of every row."""
    return [
        (1 << bank, fold * plan.rows_of_bank + row, fold, int(tap == 0), noise[tap])
        for tap, (bank, row) in enumerate(map(plan.slot, range(plan.taps)))
        for fold in range(plan.folds)
    ]


async def work_off(context: Any, dut: PassedRows, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """One update: sums come and go, and so does the room a cycle before it counts; the rows in the order in which they are begun."""
    begun: list[tuple[int, ...]] = []
    context.set(dut.phase.start, 1)
    await context.tick()
    context.set(dut.phase.start, 0)
    fetched: int | None = None
    row, last, cycle, room = (0, 0), 0, 0, False
    while not context.get(dut.phase.done):
        sums, following = bool(rng.random() < 0.7), bool(rng.random() < 0.7)
        context.set(dut.sums.valid, sums)
        context.set(dut.free, following)
        context.set(dut.busy, bool(begun) and cycle <= last + BUSY)
        begin = context.get(dut.updates.valid)
        assert begin == context.get(dut.sums.ready)
        assert begin == (sums and room and fetched is not None and cycle >= fetched + ROW_LATENCY)
        if begin:
            at = dut.updates.payload
            begun.append(tuple(context.get(s) for s in (at.bank, at.address, at.fold, at.first, at.dither)))
            assert begun[-1][:2] == row
            fetched, last = None, cycle
        if context.get(dut.row.enable):
            assert fetched is None
            fetched, row = cycle, (context.get(dut.row.bank), context.get(dut.row.address))
        await context.tick()
        cycle, room = cycle + 1, following
    # the last row is written in the first cycle that is not busy
    assert cycle == last + BUSY + 1 + QUIET + 1
    return begun


@pytest.mark.parametrize("name", PLANS)
def test_order_of_rows(name: str, seed: int) -> None:
    """Each pass once, with the dither of its tap, begun when row and sums are there; done after the last is written."""
    plan, rng = PLANS[name], rng_for(name, seed)
    dut = PassedRows(plan)

    async def bench(context: Any) -> None:
        state = int(rng.integers(1, 2**63))
        await load_generator(context, dut.generator, state)
        for _ in range(2):
            noise, after = update.dither(np.array(state, np.uint64), plan.taps)
            assert await work_off(context, dut, rng) == order(plan, noise)
            state = int(after)
            assert context.get(dut.generator.state) == state
            await context.tick()
            assert not context.get(dut.phase.done)

    simulate(dut, bench)


def test_a_row_is_fetched_while_the_one_before_waits() -> None:
    """Five cycles a row at best: asked for when the one before is begun, and five cycles on its way."""
    plan = PLANS["all lanes"]
    dut = PassedRows(plan)
    begun = []

    async def bench(context: Any) -> None:
        context.set(dut.sums.valid, 1)
        context.set(dut.free, 1)
        context.set(dut.phase.start, 1)
        await context.tick()
        context.set(dut.phase.start, 0)
        for cycle in range(ROW_LATENCY * plan.taps + 5):
            begun.extend([cycle] * context.get(dut.updates.valid))
            await context.tick()

    simulate(dut, bench)
    assert begun == [ROW_LATENCY * (i + 1) for i in range(plan.taps)]
