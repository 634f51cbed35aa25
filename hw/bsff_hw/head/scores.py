"""Logits of the head from its sums, a class a cycle. Model: `bsff.golden.head.run`."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data
from amaranth.lib.wiring import In

from bsff.contract.formats import BIAS_BITS, BIAS_WIDTH, LOG2_E
from bsff.contract.numerics import head_shift
from bsff_hw.block.verdict import scores_signature
from bsff_hw.interfaces import Planned, index
from bsff_hw.parts.ram import ram
from bsff_hw.plan import HeadPlan

DEPTH = 2
"""Cycles from a class's sum to its logit."""


class HeadScores(Planned):
    """Multiply each class's sum and bias by log2(e).

    Members
    -------
    scores : In(scores_signature())
        Done `classes` + 2 cycles after the start, combinational.
    sums, biases : In(ArrayLayout(signed, classes))
        Stable meanwhile.
    """

    def ports(self, plan: HeadPlan) -> dict:
        return {
            "scores": In(scores_signature(plan.logit_width, plan.classes)),
            "sums": In(data.ArrayLayout(signed(plan.sum_width), plan.classes)),
            "biases": In(data.ArrayLayout(signed(BIAS_WIDTH), plan.classes)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan, scores = self._plan, self.scores
        m.submodules.logits = logits = ram(signed(plan.logit_width), plan.classes)
        read, write = logits.read_port(domain="comb"), logits.write_port()
        last = plan.classes + DEPTH
        number, running, late = Signal(range(last + 1)), Signal(), Signal(index(plan.classes))
        # choosing, adding and multiplying in one cycle was the critical path
        summed = Signal(signed(plan.sum_width + 1))
        scaled = Signal(signed(plan.sum_width + LOG2_E.bit_length() + 1))
        at = number[: len(late)]
        m.d.sync += [summed.eq(self.sums[at] + (self.biases[at] >> BIAS_BITS)), scaled.eq(summed * LOG2_E)]
        m.d.comb += [
            late.eq(number - DEPTH),
            write.addr.eq(late),
            write.data.eq(scaled >> head_shift(plan.fraction_bits)),
            write.en.eq((number >= DEPTH) & ~scores.done),
            scores.done.eq(number == last),
            read.addr.eq(scores.number),
            scores.logit.eq(read.data),
        ]
        with m.If(scores.start | running):
            m.d.sync += [number.eq(Mux(scores.done, 0, number + 1)), running.eq(~scores.done)]
        return m
