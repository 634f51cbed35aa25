"""Goodness of a layer: counts of its channels over a map, less their running means. Model: `bsff.golden.goodness`."""

import itertools
from typing import Any

from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import KEPT_BITS, MEAN_BITS, MEAN_WIDTH, SCALE_BITS, SCALE_WIDTH
from bsff_hw.block.verdict import scores_signature
from bsff_hw.interfaces import Planned, index
from bsff_hw.parts.arithmetic import approached
from bsff_hw.parts.channels import channel_read_signature
from bsff_hw.parts.product import Product
from bsff_hw.parts.ram import ram
from bsff_hw.plan import LayerPlan

from .scan import ChannelScan
from .tally import tally_layout


def mean_signature(plan: LayerPlan) -> wiring.Signature:
    """Read and write a channel's running mean, between maps; ``read`` is there a cycle after the address."""
    return wiring.Signature(
        {"address": Out(index(plan.channels)), "write": Out(1), "data": Out(MEAN_WIDTH), "read": In(MEAN_WIDTH)}
    )


class Goodness(Planned):
    """Judge a map from its tallies, one channel a cycle.

    Members
    -------
    scores : In(scores_signature())
        The logits of the last map.
    learn : In(1)
        Move the running means, too.
    scale : In(SCALE_WIDTH)
    scanning : Out(1)
        `tallies` are being read.
    tallies : Out(channel_read_signature())
    means : In(mean_signature(plan))
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "scores": In(scores_signature(plan.logit_width, plan.classes)),
            "learn": In(1),
            "scale": In(SCALE_WIDTH),
            "scanning": Out(1),
            "tallies": Out(channel_read_signature(plan.beats, plan.tiles, tally_layout(plan))),
            "means": In(mean_signature(plan)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        m.submodules.scan = scan = ChannelScan(plan)
        m.d.comb += [
            scan.start.eq(self.scores.start),
            self.scanning.eq(scan.running),
            self.tallies.enable.eq(1),
            self.tallies.address.eq(scan.at.beat),
        ]
        # stage 1: the channel's count and mean
        valid, at = Signal(), Signal.like(scan.at)
        m.d.sync += [valid.eq(scan.running), at.eq(scan.at)]
        difference, summed = Signal(signed(plan.difference_width)), Signal(signed(plan.class_width))
        grouped = Signal.like(summed)
        count = self.tallies.word[at.unit].count
        m.d.comb += [
            difference.eq((count << MEAN_BITS) - self._mean(m, scan, valid, at, difference)),
            summed.eq(grouped + difference),
        ]
        # stage 2: a class's sum
        late = data.StructLayout({"valid": 1, "label": at.label.shape(), "last": 1})
        stages = [Signal(late, name=f"stage{i}") for i in (2, 3, 4, 5)]
        kept = Signal(signed(plan.class_width - KEPT_BITS))
        with m.If(valid):
            m.d.sync += [grouped.eq(Mux(at.label_last, 0, summed)), kept.eq(summed >> (MEAN_BITS - KEPT_BITS))]
        m.d.sync += [
            stages[0].valid.eq(valid & at.label_last),
            stages[0].label.eq(at.label),
            stages[0].last.eq(at.last),
            *(new.eq(old) for old, new in itertools.pairwise(stages)),
        ]
        # stages 3 to 5: scaled
        m.submodules.scaled = scaled = Product(kept.shape(), unsigned(SCALE_WIDTH))
        product = Signal.like(scaled.product)
        out = stages[-1]
        m.d.comb += [scaled.left.eq(kept), scaled.right.eq(self.scale)]
        m.d.sync += [product.eq(scaled.product), self.scores.done.eq(out.valid & out.last)]
        # a memory, as classes come and are asked for one by one: registers would need a wide multiplexer
        m.submodules.logits = logits = ram(signed(plan.logit_width), plan.classes)
        keep, show = logits.write_port(), logits.read_port(domain="comb")
        m.d.comb += [
            keep.addr.eq(out.label),
            keep.data.eq(product >> SCALE_BITS),
            keep.en.eq(out.valid),
            show.addr.eq(self.scores.number),
            self.scores.logit.eq(show.data),
        ]
        return m

    def _mean(self, m: Module, scan: ChannelScan, valid: Signal, at: Any, difference: Signal) -> Any:
        """The running mean of the channel in stage 1; it moves where the layer learns."""
        plan, config = self._plan, self._plan.shape.config
        m.submodules.means = store = ram(signed(MEAN_WIDTH), plan.channels)
        read, write = store.read_port(), store.write_port()
        running = config.normalisation == "running"
        # the sum of the mean and its part of the difference comes a cycle after the difference, and is written then
        mean, late_difference, moved = Signal.like(read.data), Signal.like(difference), Signal.like(read.data)
        late, place = Signal(), Signal.like(at.channel)
        m.d.sync += [mean.eq(read.data), late_difference.eq(difference), late.eq(valid), place.eq(at.channel)]
        m.d.comb += moved.eq(approached(mean, late_difference, config.momentum_shift))
        m.d.comb += [
            read.en.eq(1),
            read.addr.eq(Mux(scan.running, scan.at.channel, self.means.address)),
            self.means.read.eq(read.data),
            write.en.eq(Mux(late, self.learn & int(running), self.means.write)),
            write.addr.eq(Mux(late, place, self.means.address)),
            write.data.eq(Mux(late, moved, self.means.data)),
        ]
        return read.data
