"""Gains and biases of the head, a class a cycle. Model: `bsff.golden.head.run`."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff.config import CLASSES
from bsff.contract.formats import BIAS_BITS, BIAS_WIDTH, ERROR_WIDTH, GAIN_BITS, GAIN_WIDTH, STEP_BITS, STEP_WIDTH
from bsff_hw.interfaces import error_signature, index, phase_signature
from bsff_hw.parts.arithmetic import half_up, saturate


class HeadGains(wiring.Component):
    """The class error scales the head's update here: a gain for every class, which moves its bias at once.

    Members
    -------
    phase : In(phase_signature())
        Done `CLASSES` + 1 cycles after the start, combinational; the last bias moves in that cycle.
    errors : Out(error_signature())
    step : In(STEP_WIDTH)
    gains, biases : Out(ArrayLayout(signed, CLASSES))
    column, write, data : In
        The host writes a bias, between maps.
    """

    phase: In(phase_signature())
    errors: Out(error_signature(CLASSES))
    step: In(STEP_WIDTH)
    gains: Out(data.ArrayLayout(signed(GAIN_WIDTH), CLASSES))
    biases: Out(data.ArrayLayout(signed(BIAS_WIDTH), CLASSES))
    column: In(index(CLASSES))
    write: In(1)
    data: In(BIAS_WIDTH)

    def elaborate(self, platform) -> Module:
        m = Module()
        number, running, active = Signal(range(CLASSES + 2)), Signal(), Signal()
        before, earlier = Signal(4), Signal(4)
        product = Signal(signed(ERROR_WIDTH + STEP_WIDTH + 1))
        m.d.comb += [
            active.eq(self.phase.start | running),
            self.errors.number.eq(number),
            before.eq(number - 1),
            earlier.eq(number - 2),
            self.phase.done.eq(number == CLASSES + 1),
        ]
        m.d.sync += product.eq(self.errors.error * self.step)
        with m.If(active):
            m.d.sync += [number.eq(Mux(self.phase.done, 0, number + 1)), running.eq(~self.phase.done)]
            # a class's product comes the cycle before its gain, its bias the cycle after
            with m.If((number != 0) & (number <= CLASSES)):
                m.d.sync += self.gains[before].eq(half_up(product, STEP_BITS))
            with m.If(number >= 2):
                moved = self.biases[earlier] + half_up(self.gains[earlier], GAIN_BITS - BIAS_BITS)
                m.d.sync += self.biases[earlier].eq(saturate(moved, BIAS_WIDTH))
        with m.If(self.write):
            m.d.sync += self.biases[self.column].eq(self.data)
        return m
