"""Working off every weight row of an update: sums and weights are brought together in the order of the passes."""

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.contract.formats import GAIN_BITS
from bsff_hw.interfaces import Planned, generator_signature, index, phase_signature
from bsff_hw.layer.forward.weights import row_read_signature, rows_layout
from bsff_hw.parts.lfsr import Draws
from bsff_hw.plan import LayerPlan
from bsff_hw.plan.latencies import ROW_LATENCY

from .correlate import change_sums_layout
from .passes import pass_layout

QUIET = 2
"""Cycles for which `RowUpdate` has been idle when its last row is written."""


def row_update_layout(plan: LayerPlan) -> data.StructLayout:
    """Sums and weights of each part's lanes, and what stands beside them.

    ``first`` marks the first tap, ``dither`` is that of the tap, ``bank`` and ``address`` say where the row is written.
    """
    return data.StructLayout(
        {
            "sums": change_sums_layout(plan),
            "rows": rows_layout(plan),
            "fold": index(plan.folds),
            "first": unsigned(1),
            "bank": unsigned(plan.banks),
            "address": index(plan.depth),
            "dither": unsigned(GAIN_BITS),
        }
    )


class Rows(Planned):
    """Fetch the row of the next pass as soon as the one before is begun, and hand it on when its sums are there.

    Members
    -------
    phase : In(phase_signature())
        Done when every row is written.
    ahead : In(stream(pass_layout(plan)))
        The passes, from which rows are asked for.
    passes : In(stream(pass_layout(plan)))
        The same, of which the first is the one that is begun next.
    sums : In(stream)
        From `correlate.Correlate`.
    row : Out(row_read_signature(plan))
    updates : Out(stream(row_update_layout(plan)), always ready)
        Rows with their sums, for `update.RowUpdate`.
    free : In(1)
        From the next cycle on a row may begin.
    busy : In(1)
        `RowUpdate` still works on a row.
    generator : In(generator_signature())
        The generator of the rounding: one dither a tap, shared by the tap's groups and channels.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "phase": In(phase_signature()),
            "ahead": In(stream.Signature(pass_layout(plan))),
            "passes": In(stream.Signature(pass_layout(plan))),
            "sums": In(stream.Signature(change_sums_layout(plan))),
            "row": Out(row_read_signature(plan)),
            "updates": Out(stream.Signature(row_update_layout(plan), always_ready=True)),
            "free": In(1),
            "busy": In(1),
            "generator": In(generator_signature()),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.draws = draws = Draws(1)
        connect(m, flipped(self.generator), draws.generator)
        at, out = self.passes.payload, self.updates.payload
        fetching, there, begin, free = Signal(), Signal(), Signal(), Signal()
        waited = Signal(range(ROW_LATENCY + 1))
        m.d.comb += [
            self.row.enable.eq(self.ahead.valid & ~fetching & (~there | begin)),
            self.ahead.ready.eq(self.row.enable),
            self.row.bank.eq(self.ahead.payload.bank),
            self.row.address.eq(self.ahead.payload.address),
            out.sums.eq(self.sums.payload),
            out.rows.eq(self.row.rows),
            out.fold.eq(at.fold),
            out.first.eq(at.tap_first),
            out.bank.eq(at.bank),
            out.address.eq(at.address),
            out.dither.eq(draws.draws[0][-GAIN_BITS:]),
            begin.eq(there & self.sums.valid & free),
            self.updates.valid.eq(begin),
            self.sums.ready.eq(begin),
            self.passes.ready.eq(begin),
        ]
        m.d.sync += [
            # once a row has begun, the next one takes cycles to come
            free.eq(self.free),
            draws.take.eq(begin & at.tap_last),
            draws.align.eq(begin & at.last),
        ]
        with m.If(begin):
            m.d.sync += there.eq(0)
        with m.If(fetching):
            m.d.sync += waited.eq(waited + 1)
            with m.If(waited == ROW_LATENCY - 1):
                m.d.sync += [fetching.eq(0), there.eq(1)]
        with m.If(self.row.enable):
            m.d.sync += [fetching.eq(1), waited.eq(1)]

        ending, quiet = Signal(), Signal(range(QUIET + 1))
        m.d.sync += self.phase.done.eq(0)
        with m.If(begin & at.last):
            m.d.sync += [ending.eq(1), quiet.eq(0)]
        with m.Elif(ending):
            m.d.sync += quiet.eq(quiet + 1)
            with m.If(self.busy):
                m.d.sync += quiet.eq(0)
            with m.Elif(quiet == QUIET):
                m.d.sync += [ending.eq(0), self.phase.done.eq(1)]
        return m
