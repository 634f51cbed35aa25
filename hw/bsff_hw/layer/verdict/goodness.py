"""Goodness of a layer: counts of its channels over a map, less their running means. Model: `bsff.golden.goodness`."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff.config import CLASSES
from bsff.golden.goodness import KEPT_BITS, MEAN_BITS, SCALE_BITS
from bsff_hw.layer.forward.pool import pooled_layout
from bsff_hw.layer.scan import ChannelScan, Counters
from bsff_hw.parts.arithmetic import approached, total
from bsff_hw.parts.channels import ChannelMemory
from bsff_hw.parts.ram import ram
from bsff_hw.plan.plan import LayerPlan

SCALE_WIDTH = 24
MEAN_WIDTH = 32


def tally_layout(plan: LayerPlan) -> data.StructLayout:
    """A channel's sum of counts and sum of responses over a map."""
    return data.StructLayout({"count": unsigned(plan.count_width), "response": unsigned(plan.count_width)})


def logit_width(plan: LayerPlan) -> int:
    """Bits of a logit: a class's sum of differences, scaled."""
    members = plan.channels // CLASSES
    difference = max(plan.count_width + MEAN_BITS, MEAN_WIDTH) + 1
    return difference + members.bit_length() - KEPT_BITS + SCALE_WIDTH + 1 - SCALE_BITS


class Goodness(wiring.Component):
    """Tally the map as it leaves the layer, then judge it.

    Members
    -------
    begin : In(1)
        A new map begins.
    take, fired : In
        A transfer of the pooled map.
    start : In(1)
        Judge: one channel a cycle.
    learn : In(1)
        Move the running means, too.
    scale : In(24)
    number : In(4)
    logit : Out(signed)
        The logit of that class, in the same cycle.
    done : Out(1)
        The logits are those of the last map; for one cycle.
    tally_block : In
    tally : Out(ArrayLayout(tally, tiles))
        One cycle after the block, while neither tallying nor judging.
    mean_address, mean_read, mean_write, mean_data :
        The host's port to the running means, used between maps; read data one cycle after the address.
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        super().__init__(
            {
                "begin": In(1),
                "take": In(1),
                "fired": In(pooled_layout(plan)),
                "start": In(1),
                "learn": In(1),
                "scale": In(SCALE_WIDTH),
                "number": In(range(CLASSES)),
                "logit": Out(signed(logit_width(plan))),
                "done": Out(1),
                "tally_block": In(range(max(2, plan.blocks))),
                "tally": Out(data.ArrayLayout(tally_layout(plan), plan.tiles)),
                "mean_address": In(range(plan.channels)),
                "mean_read": Out(MEAN_WIDTH),
                "mean_write": In(1),
                "mean_data": In(MEAN_WIDTH),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        m.submodules.scan = scan = ChannelScan(plan)
        m.d.comb += scan.start.eq(self.start)
        store = ChannelMemory(plan.channels, plan.tiles, tally_layout(plan).size, transparent=plan.blocks == 1)
        m.submodules.tally = store
        self._tally(m, store, scan)
        self._judge(m, scan)
        return m

    def _tally(self, m: Module, store: ChannelMemory, scan: ChannelScan) -> None:
        plan = self._plan
        place = Counters(m, {"block": plan.blocks}, advance=self.take, clear=self.begin)
        first = Signal()
        with m.If(self.take & place.last):
            m.d.sync += first.eq(0)
        with m.If(self.begin):
            m.d.sync += first.eq(1)
        taken, fresh = Signal(), Signal()
        held = Signal(pooled_layout(plan))
        m.d.sync += [taken.eq(self.take), held.eq(self.fired), fresh.eq(first), store.write_block.eq(place["block"])]
        m.d.comb += [
            store.read_enable.eq(1),
            store.read_block.eq(Mux(self.take, place["block"], Mux(scan.running, scan.block, self.tally_block))),
            store.write_mask.eq(taken.replicate(plan.tiles)),
            self.tally.eq(store.read),
        ]
        for unit in range(plan.tiles):
            old = data.View(tally_layout(plan), store.read[unit])
            new = data.View(tally_layout(plan), store.write[unit])
            m.d.comb += [
                new.count.eq(Mux(fresh, 0, old.count) + total(list(held.count[unit]))),
                new.response.eq(Mux(fresh, 0, old.response) + held.response[unit]),
            ]

    def _judge(self, m: Module, scan: ChannelScan) -> None:
        plan = self._plan
        means = ram(signed(MEAN_WIDTH), plan.channels)
        m.submodules.means = means
        read, write = means.read_port(), means.write_port()
        m.d.comb += [
            read.en.eq(1),
            read.addr.eq(Mux(scan.running, scan.channel, self.mean_address)),
            self.mean_read.eq(read.data),
        ]
        # stage 1: the channel's count and mean
        valid, end, last = Signal(), Signal(), Signal()
        unit, label, channel = Signal.like(scan.unit), Signal.like(scan.label), Signal.like(scan.channel)
        m.d.sync += [
            valid.eq(scan.running), end.eq(scan.label_last), last.eq(scan.last),
            unit.eq(scan.unit), label.eq(scan.label), channel.eq(scan.channel),
        ]  # fmt: skip
        difference = Signal(signed(max(plan.count_width + MEAN_BITS, MEAN_WIDTH) + 1))
        grouped = Signal(signed(len(difference) + (plan.channels // CLASSES).bit_length()))
        summed = Signal.like(grouped)
        m.d.comb += [
            difference.eq((self.tally[unit].count << MEAN_BITS) - read.data),
            summed.eq(grouped + difference),
        ]
        running = plan.shape.config.normalisation == "running"
        moved = approached(read.data, difference, plan.shape.config.momentum_shift) if running else read.data
        m.d.comb += [
            write.en.eq(Mux(valid, self.learn & int(running), self.mean_write)),
            write.addr.eq(Mux(valid, channel, self.mean_address)),
            write.data.eq(Mux(valid, moved, self.mean_data)),
        ]
        # stage 2: a class's sum; 3 and 4: scaled
        ready2, label2, last2 = Signal(), Signal.like(label), Signal()
        kept = Signal(signed(len(grouped) - KEPT_BITS))
        ready3, label3, last3 = Signal(), Signal.like(label), Signal()
        product = Signal(signed(len(kept) + SCALE_WIDTH + 1))
        with m.If(valid):
            m.d.sync += [grouped.eq(Mux(end, 0, summed)), kept.eq(summed >> (MEAN_BITS - KEPT_BITS))]
        m.d.sync += [
            ready2.eq(valid & end), label2.eq(label), last2.eq(last),
            product.eq(kept * self.scale), ready3.eq(ready2), label3.eq(label2), last3.eq(last2),
            self.done.eq(ready3 & last3),
        ]  # fmt: skip
        # a memory, as classes come and are asked for one by one: registers would need a wide multiplexer
        m.submodules.logits = logits = ram(signed(logit_width(plan)), CLASSES)
        keep, show = logits.write_port(), logits.read_port(domain="comb")
        m.d.comb += [
            keep.addr.eq(label3),
            keep.data.eq(product >> SCALE_BITS),
            keep.en.eq(ready3),
            show.addr.eq(self.number),
            self.logit.eq(show.data),
        ]
