"""Sums of a map by channel, taken as it leaves the layer."""

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import data
from amaranth.lib.wiring import In

from bsff_hw.interfaces import Planned
from bsff_hw.parts.arithmetic import total
from bsff_hw.parts.channels import ChannelMemory, channel_read_signature
from bsff_hw.parts.odometer import Odometer
from bsff_hw.plan import LayerPlan

from .forward.pool import leaving_signature, pooled_layout


def tally_layout(plan: LayerPlan) -> data.StructLayout:
    """A channel's sum of counts and sum of responses over a map."""
    return data.StructLayout({"count": unsigned(plan.count_width), "response": unsigned(plan.count_width)})


class Tally(Planned):
    """Sum counts and responses of every channel.

    Members
    -------
    begin : In(1)
        A new map begins.
    leaving : In(leaving_signature(plan))
    tallies : In(channel_read_signature())
        While nothing leaves; always enabled. The last beat is in it two cycles after it left.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "begin": In(1),
            "leaving": In(leaving_signature(plan)),
            "tallies": In(channel_read_signature(plan.beats, plan.tiles, tally_layout(plan))),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan, leaving = self._plan, self.leaving
        store = ChannelMemory(plan.channels, plan.tiles, tally_layout(plan), transparent=plan.beats == 1)
        m.submodules.store = store
        place = Odometer(m, {"beat": plan.beats}, advance=leaving.valid, clear=self.begin)
        first, taken, fresh = Signal(), Signal(), Signal()
        with m.If(leaving.valid & place.last):
            m.d.sync += first.eq(0)
        with m.If(self.begin):
            m.d.sync += first.eq(1)
        held = Signal(pooled_layout(plan))
        m.d.sync += [
            taken.eq(leaving.valid),
            held.eq(leaving.payload),
            fresh.eq(first),
            store.write.address.eq(place["beat"]),
        ]
        m.d.comb += [
            store.read.enable.eq(1),
            store.read.address.eq(Mux(leaving.valid, place["beat"], self.tallies.address)),
            store.write.mask.eq(taken.replicate(plan.tiles)),
            self.tallies.word.eq(store.read.word),
        ]
        for unit in range(plan.tiles):
            old, new = store.read.word[unit], store.write.words[unit]
            m.d.comb += [
                new.count.eq(Mux(fresh, 0, old.count) + total(list(held.count[unit]))),
                new.response.eq(Mux(fresh, 0, old.response) + held.response[unit]),
            ]
        return m
