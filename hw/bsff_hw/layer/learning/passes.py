"""The order in which the update visits weight rows: tap by tap, and for each tap every fold of the channels."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.layer.scan import Counters
from bsff_hw.plan.plan import LayerPlan


def pass_layout(plan: LayerPlan) -> data.StructLayout:
    """A row and a fold: place of the tap in kernel and input map, place of the weights in memory."""
    return data.StructLayout(
        {
            "ky": unsigned(max(1, (plan.kernel - 1).bit_length())),
            "kx": unsigned(max(1, (plan.kernel - 1).bit_length())),
            "unit": unsigned(max(1, (plan.beat - 1).bit_length())),
            "block": unsigned(max(1, (plan.blocks_in // plan.parts - 1).bit_length())),
            "fold": unsigned(max(1, (plan.folds - 1).bit_length())),
            "bank": unsigned(plan.banks),
            "address": unsigned(max(1, (plan.depth - 1).bit_length())),
            "tap_first": unsigned(1),
            "tap_last": unsigned(1),
            "last": unsigned(1),
        }
    )


class Passes(wiring.Component):
    """List the passes of one update.

    Members
    -------
    start : In(1)
    valid : Out(1)
    payload : Out
        See `pass_layout`; `bank` is one-hot, `tap_first` marks the first tap, `tap_last` a tap's last fold, `last` the last
        pass.
    ready : In(1)
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        super().__init__({"start": In(1), "valid": Out(1), "payload": Out(pass_layout(plan)), "ready": In(1)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        group_blocks = plan.group_in // plan.beat
        step = Signal()
        m.d.comb += step.eq(self.valid & self.ready)
        place = Counters(
            m,
            {
                "inner": plan.inner, "turn": plan.rounds,
                "unit": plan.beat, "block": group_blocks, "kx": plan.kernel, "ky": plan.kernel,
            },
            advance=step, clear=self.start,
        )  # fmt: skip
        tap_last = place.ends["inner"] & place.ends["turn"]
        bank = Signal(plan.banks, init=1)
        local, offset = Signal(range(plan.depth)), Signal(range(plan.depth))
        fold, first = Signal(range(max(2, plan.folds))), Signal()
        with m.If(step):
            m.d.sync += [
                offset.eq(Mux(tap_last, 0, offset + plan.rows_of_bank)),
                fold.eq(Mux(tap_last, 0, fold + 1)),
            ]
            with m.If(tap_last):
                m.d.sync += first.eq(0)
                m.d.sync += bank.eq(bank.rotate_left(1))
                with m.If(bank[-1]):
                    m.d.sync += local.eq(local + 1)
            with m.If(place.last):
                m.d.sync += self.valid.eq(0)
        with m.If(self.start):
            m.d.sync += [self.valid.eq(1), bank.eq(1), local.eq(0), offset.eq(0), fold.eq(0), first.eq(1)]
        out = self.payload
        m.d.comb += [
            out.ky.eq(place["ky"]),
            out.kx.eq(place["kx"]),
            out.unit.eq(place["unit"]),
            out.block.eq(place["turn"] * group_blocks + place["block"] if plan.rounds > 1 else place["block"]),
            out.fold.eq(fold),
            out.bank.eq(bank),
            out.address.eq(offset + local),
            out.tap_first.eq(first),
            out.tap_last.eq(tap_last),
            out.last.eq(place.last),
        ]
        return m
