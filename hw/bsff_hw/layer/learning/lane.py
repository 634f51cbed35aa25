"""One weight's update: gain, centring, stochastic rounding, saturation. Integer model: `bsff.golden.update.update`."""

import itertools

from amaranth.hdl import Cat, Module, Signal, signed, unsigned
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import GAIN_BITS, GAIN_WIDTH, SUM_WIDTH
from bsff_hw.interfaces import Planned
from bsff_hw.parts.arithmetic import fits, saturate
from bsff_hw.parts.product import Product
from bsff_hw.plan import LayerPlan


def coefficient_layout() -> data.StructLayout:
    """What the update needs to know of a channel: its gain k, and its centring -C."""
    return data.StructLayout({"gain": signed(GAIN_WIDTH), "centring": signed(SUM_WIDTH)})


class UpdateLane(Planned):
    """Change one weight a cycle: ``W' = saturate(W + ((S k - C + dither) >> GAIN_BITS))``.

    The dither is smaller than a unit of W, so W with the dither beside it needs one adder for both; product and centring fit
    the multiplier and the adder of a DSP block.

    Members
    -------
    sum, weight : In
        S and W.
    coefficient : In
        k and -C of the channel, one cycle after S and W.
    dither : In(GAIN_BITS)
        `DITHER` cycles after S and W.
    changed : Out(signed(weight_bits))
        W', `LATENCY` cycles after S and W.
    unchanged : Out(signed(weight_bits))
        W, with it.
    moved : Out(signed)
        ``W' - W``, with it.
    saturated : Out(1)

    Notes
    -----
    One weight a cycle, latency 6.
    """

    LATENCY = 6
    DITHER = 4
    """Cycles after S and W in which the dither is wanted."""

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "sum": In(plan.change_width),
            "weight": In(signed(plan.weight_bits)),
            "coefficient": In(coefficient_layout()),
            "dither": In(GAIN_BITS),
            "changed": Out(signed(plan.weight_bits)),
            "unchanged": Out(signed(plan.weight_bits)),
            "moved": Out(signed(plan.weight_bits + 1)),
            "saturated": Out(1),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        width = self._plan.weight_bits
        weights = [Signal(signed(width), name=f"weight{i}") for i in range(1, self.LATENCY)]
        total = Signal(unsigned(self._plan.change_width))
        m.submodules.product = product = Product(total.shape(), signed(GAIN_WIDTH))
        centring = [Signal(signed(SUM_WIDTH), name=f"centring{i}") for i in (2, 3)]
        change = Signal(signed(SUM_WIDTH + 1))
        exact = Signal(signed(SUM_WIDTH + 2))
        held = Signal(signed(width))
        wanted = Signal(signed(len(exact) - GAIN_BITS))
        m.d.sync += [
            total.eq(self.sum),
            weights[0].eq(self.weight),
            *(new.eq(old) for old, new in itertools.pairwise(weights)),
            centring[0].eq(self.coefficient.centring),
            centring[1].eq(centring[0]),
            change.eq(product.product[:SUM_WIDTH].as_signed() + centring[1]),
            wanted.eq(exact >> GAIN_BITS),
            self.changed.eq(held),
            self.unchanged.eq(weights[-1]),
            self.moved.eq(held - weights[-1]),
            self.saturated.eq(~fits(wanted, width)),
        ]
        m.d.comb += [
            product.left.eq(total),
            product.right.eq(self.coefficient.gain),
            exact.eq(Cat(self.dither, weights[self.DITHER - 1]).as_signed() + change),
            held.eq(saturate(wanted, width)),
        ]
        return m
