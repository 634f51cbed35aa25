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
    """Read and write a channel's running mean, between maps; ``read`` is there two cycles after the address."""
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
        # stage 1: the channel's tallies; stage 2: its count and mean; stage 3: their difference
        valid = [Signal(name=f"valid{i}") for i in (1, 2, 3)]
        place = [Signal.like(scan.at, name=f"at{i}") for i in (1, 2, 3)]
        m.d.sync += [new.eq(old) for old, new in itertools.pairwise([scan.running, *valid])]
        m.d.sync += [new.eq(old) for old, new in itertools.pairwise([scan.at, *place])]
        count = Signal(plan.count_width)
        difference, summed = Signal(signed(plan.difference_width)), Signal(signed(plan.class_width))
        grouped, at = Signal.like(summed), place[-1]
        m.d.sync += [
            count.eq(self.tallies.word[place[0].unit].count),
            difference.eq((count << MEAN_BITS) - self._mean(m, scan, valid[-1], at, difference)),
        ]
        m.d.comb += summed.eq(grouped + difference)
        # stage 4: a class's sum
        late = data.StructLayout({"valid": 1, "label": at.label.shape(), "last": 1})
        stages = [Signal(late, name=f"stage{i}") for i in (4, 5, 6, 7)]
        kept = Signal(signed(plan.class_width - KEPT_BITS))
        with m.If(valid[-1]):
            m.d.sync += [grouped.eq(Mux(at.label_last, 0, summed)), kept.eq(summed >> (MEAN_BITS - KEPT_BITS))]
        m.d.sync += [
            stages[0].valid.eq(valid[-1] & at.label_last),
            stages[0].label.eq(at.label),
            stages[0].last.eq(at.last),
            *(new.eq(old) for old, new in itertools.pairwise(stages)),
        ]
        # stages 5 to 7: scaled
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
        """The running mean of the channel in stage 2; in stage 3, by the difference, it moves where the layer learns."""
        plan, config = self._plan, self._plan.shape.config
        m.submodules.means = store = ram(signed(MEAN_WIDTH), plan.channels)
        read, write = store.read_port(), store.write_port()
        running = config.normalisation == "running"
        mean, moved, address = Signal.like(read.data), Signal.like(read.data), Signal.like(at.channel)
        m.d.sync += [address.eq(Mux(scan.running, scan.at.channel, self.means.address)), mean.eq(read.data)]
        m.d.comb += [
            moved.eq(approached(mean, difference, config.momentum_shift)),
            read.en.eq(1),
            read.addr.eq(address),
            self.means.read.eq(read.data),
            write.en.eq(Mux(valid, self.learn & int(running), self.means.write)),
            write.addr.eq(Mux(valid, at.channel, self.means.address)),
            write.data.eq(Mux(valid, moved, self.means.data)),
        ]
        return read.data
