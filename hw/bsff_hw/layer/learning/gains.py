"""The class error scales the update here: a gain for every class. Integer model: `bsff.golden.update.gains`."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff.config import CLASSES
from bsff.contract.formats import ERROR_WIDTH, GAIN_WIDTH, STEP_BITS, STEP_WIDTH
from bsff_hw.interfaces import error_signature, index, phase_signature
from bsff_hw.parts.arithmetic import half_up
from bsff_hw.parts.ram import ram


class Gains(wiring.Component):
    """Multiply each class's error by the step size, one class a cycle.

    Members
    -------
    phase : In(phase_signature())
        Done `CLASSES` + 1 cycles after the start, combinational.
    errors : Out(error_signature())
    step : In(STEP_WIDTH)
    number : In
        A class.
    gain : Out(signed(GAIN_WIDTH))
        The gain of class `number`, in the same cycle.
    """

    phase: In(phase_signature())
    errors: Out(error_signature(CLASSES))
    step: In(STEP_WIDTH)
    number: In(index(CLASSES))
    gain: Out(signed(GAIN_WIDTH))

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.gains = gains = ram(signed(GAIN_WIDTH), CLASSES)
        read, write = gains.read_port(domain="comb"), gains.write_port()
        running, number = Signal(), Signal(range(CLASSES + 1))
        product = Signal(signed(ERROR_WIDTH + STEP_WIDTH + 1))
        m.d.comb += [
            self.errors.number.eq(number),
            write.addr.eq(number - 1),
            write.data.eq(half_up(product, STEP_BITS)),
            write.en.eq(running & (number != 0)),
            self.phase.done.eq(running & (number == CLASSES)),
            read.addr.eq(self.number),
            self.gain.eq(read.data),
        ]
        with m.If(running):
            m.d.sync += [product.eq(self.errors.error * self.step), number.eq(number + 1), running.eq(~self.phase.done)]
        with m.If(self.phase.start):
            m.d.sync += [running.eq(1), number.eq(0)]
        return m
