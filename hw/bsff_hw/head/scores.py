"""Logits of the head from its sums, a class a cycle. Model: `bsff.golden.head.run`."""

from amaranth.hdl import Const, Module, Mux, Signal, signed
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import BIAS_BITS, BIAS_WIDTH, LOG2_E
from bsff.contract.numerics import head_shift
from bsff_hw.block.verdict import scores_signature
from bsff_hw.interfaces import Planned, index
from bsff_hw.parts.product import Product
from bsff_hw.parts.ram import ram
from bsff_hw.plan import HeadPlan

DEPTH = 1 + Product.LATENCY
"""Cycles from a class's sum to its logit."""


class HeadScores(Planned):
    """Multiply each class's sum and bias by log2(e).

    Members
    -------
    scores : In(scores_signature())
        Done `classes` + `DEPTH` cycles after the start, combinational.
    sums : In(ArrayLayout(signed, classes))
        Stable meanwhile.
    asking : Out(1)
    number : Out
        While `asking`, the class whose bias is wanted.
    bias : In(signed(BIAS_WIDTH))
        That bias, a cycle later.
    """

    def ports(self, plan: HeadPlan) -> dict:
        return {
            "scores": In(scores_signature(plan.logit_width, plan.classes)),
            "sums": In(data.ArrayLayout(signed(plan.sum_width), plan.classes)),
            "asking": Out(1),
            "number": Out(index(plan.classes)),
            "bias": In(signed(BIAS_WIDTH)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan, scores = self._plan, self.scores
        m.submodules.logits = logits = ram(signed(plan.logit_width), plan.classes)
        read, write = logits.read_port(domain="comb"), logits.write_port()
        last = plan.classes + DEPTH
        number, running, late = Signal(range(last + 1)), Signal(), Signal(index(plan.classes))
        # a class is chosen in one cycle, its sum and bias are added and multiplied in the next ones
        total, summed = Signal(signed(plan.sum_width)), Signal(signed(plan.sum_width + 1))
        factor = Const(LOG2_E)
        m.submodules.scaled = scaled = Product(summed.shape(), factor.shape())
        m.d.sync += total.eq(self.sums[self.number])
        m.d.comb += [
            self.asking.eq(scores.start | running),
            self.number.eq(number),
            summed.eq(total + (self.bias >> BIAS_BITS)),
            scaled.left.eq(summed),
            scaled.right.eq(factor),
            late.eq(number - DEPTH),
            write.addr.eq(late),
            write.data.eq(scaled.product >> head_shift(plan.fraction_bits)),
            write.en.eq((number >= DEPTH) & ~scores.done),
            scores.done.eq(number == last),
            read.addr.eq(scores.number),
            scores.logit.eq(read.data),
        ]
        with m.If(self.asking):
            m.d.sync += [number.eq(Mux(scores.done, 0, number + 1)), running.eq(~scores.done)]
        return m
