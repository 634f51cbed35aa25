"""The order in which the update visits weight rows: tap by tap, and for each tap every fold of the channels."""

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import Planned, index
from bsff_hw.layer.slot import TapSlot
from bsff_hw.parts.odometer import Odometer
from bsff_hw.plan import LayerPlan


def pass_layout(plan: LayerPlan) -> data.StructLayout:
    """A row and a fold: place of the tap in kernel and input map, place of the weights in memory.

    ``bank`` is one-hot; ``tap_first`` marks the first tap, ``tap_last`` a tap's last fold, ``last`` the last pass.
    """
    return data.StructLayout(
        {
            "ky": index(plan.kernel[0]),
            "kx": index(plan.kernel[1]),
            "unit": index(plan.beat),
            "beat": index(plan.beats_in // plan.parts),
            "fold": index(plan.folds),
            "bank": unsigned(plan.banks),
            "address": index(plan.depth),
            "tap_first": unsigned(1),
            "tap_last": unsigned(1),
            "last": unsigned(1),
        }
    )


class Passes(Planned):
    """List the passes of one update.

    Members
    -------
    start : In(1)
    passes : Out(stream(pass_layout(plan)))
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {"start": In(1), "passes": Out(stream.Signature(pass_layout(plan)))}

    def elaborate(self, platform) -> Module:
        m = Module()
        plan, out = self._plan, self.passes.payload
        group_beats = plan.group_in // plan.beat
        step = Signal()
        m.d.comb += step.eq(self.passes.valid & self.passes.ready)
        limits = {
            "inner": plan.inner,
            "turn": plan.rounds,
            "unit": plan.beat,
            "beat": group_beats,
            "kx": plan.kernel[1],
            "ky": plan.kernel[0],
        }
        place = Odometer(m, limits, advance=step, clear=self.start)
        tap_last = place.ends["inner"] & place.ends["turn"]
        channel_last = place.ends["unit"] & place.ends["beat"]
        slot = TapSlot(m, plan, advance=step & tap_last, place_last=channel_last, last=place.last, clear=self.start)
        offset = Signal(range(plan.depth))
        fold, first = Signal(index(plan.folds)), Signal()
        with m.If(step):
            m.d.sync += [offset.eq(Mux(tap_last, 0, offset + plan.rows_of_bank)), fold.eq(Mux(tap_last, 0, fold + 1))]
            with m.If(tap_last):
                m.d.sync += first.eq(0)
            with m.If(place.last):
                m.d.sync += self.passes.valid.eq(0)
        with m.If(self.start):
            m.d.sync += [self.passes.valid.eq(1), offset.eq(0), fold.eq(0), first.eq(1)]
        m.d.comb += [
            out.ky.eq(place["ky"]),
            out.kx.eq(place["kx"]),
            out.unit.eq(place["unit"]),
            out.beat.eq(place["turn"] * group_beats + place["beat"] if plan.rounds > 1 else place["beat"]),
            out.fold.eq(fold),
            out.bank.eq(slot.bank),
            out.address.eq(offset + slot.row),
            out.tap_first.eq(first),
            out.tap_last.eq(tap_last),
            out.last.eq(place.last),
        ]
        return m
