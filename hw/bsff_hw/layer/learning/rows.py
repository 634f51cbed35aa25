"""Working off every weight row of an update: sums and weights are brought together in the order of the passes."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.layer.forward.accumulate import Accumulate
from bsff_hw.parts.lfsr import Draws
from bsff_hw.plan.plan import GAIN_BITS, LayerPlan

from .passes import Passes


class Rows(wiring.Component):
    """Fetch the row of the next pass while the one before is worked off, and start it when its sums are there.

    Members
    -------
    start : In(1)
    done : Out(1)
        For one cycle: every row is written.
    sums_valid, sums_ready :
        Handshake of `correlate.Correlate`.
    fetch : Out(1)
        Read the row at `bank`, `address`; it is there `Accumulate.ROW_LATENCY` cycles later.
    bank, address, fold, first, dither : Out
        Of the pass to begin.
    free : In(1)
        `update.RowUpdate` can begin.
    busy : In(1)
        It still works.
    begin : Out(1)
    load, load_data, state :
        Of the generator of the rounding: one dither a tap, shared by the tap's groups and channels.
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        super().__init__(
            {
                "start": In(1),
                "done": Out(1),
                "sums_valid": In(1),
                "sums_ready": Out(1),
                "fetch": Out(1),
                "bank": Out(plan.banks),
                "address": Out(max(1, (plan.depth - 1).bit_length())),
                "fold": Out(range(max(2, plan.folds))),
                "first": Out(1),
                "dither": Out(GAIN_BITS),
                "free": In(1),
                "busy": In(1),
                "begin": Out(1),
                "load": In(2),
                "load_data": In(32),
                "state": Out(64, init=1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.passes = passes = Passes(self._plan)
        m.submodules.draws = draws = Draws(1)
        at = passes.payload
        fetching, there = Signal(), Signal()
        waited = Signal(range(Accumulate.ROW_LATENCY + 1))
        m.d.comb += [
            passes.start.eq(self.start),
            self.fetch.eq(passes.valid & ~fetching & ~there),
            self.bank.eq(at.bank),
            self.address.eq(at.address),
            self.fold.eq(at.fold),
            self.first.eq(at.tap_first),
            self.dither.eq(draws.draws[0][-GAIN_BITS:]),
            self.begin.eq(there & self.sums_valid & self.free),
            self.sums_ready.eq(self.begin),
            passes.ready.eq(self.begin),
            draws.take.eq(self.begin & at.tap_last),
            draws.align.eq(self.begin & at.last),
            draws.load.eq(self.load),
            draws.load_data.eq(self.load_data),
            self.state.eq(draws.state),
        ]
        with m.If(self.fetch):
            m.d.sync += [fetching.eq(1), waited.eq(1)]
        with m.If(fetching):
            m.d.sync += waited.eq(waited + 1)
            with m.If(waited == Accumulate.ROW_LATENCY - 1):
                m.d.sync += [fetching.eq(0), there.eq(1)]
        with m.If(self.begin):
            m.d.sync += there.eq(0)
        # the last row is written a cycle after `busy` falls
        ending, quiet = Signal(), Signal(2)
        m.d.sync += self.done.eq(0)
        with m.If(self.begin & at.last):
            m.d.sync += [ending.eq(1), quiet.eq(0)]
        with m.Elif(ending):
            m.d.sync += quiet.eq(quiet + 1)
            with m.If(self.busy):
                m.d.sync += quiet.eq(0)
            with m.Elif(quiet == 2):
                m.d.sync += [ending.eq(0), self.done.eq(1)]
        return m
