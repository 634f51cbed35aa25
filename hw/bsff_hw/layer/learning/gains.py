"""The class error scales the update here: a gain for every class. Integer model: `bsff.golden.update.gains`."""

from amaranth.hdl import Module, Signal, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import ERROR_WIDTH, GAIN_WIDTH, STEP_BITS, STEP_WIDTH
from bsff_hw.interfaces import error_signature, index, phase_signature
from bsff_hw.parts.arithmetic import half_up
from bsff_hw.parts.product import Product
from bsff_hw.parts.ram import ram


class Gains(wiring.Component):
    """Multiply each class's error by the step size, one class a cycle.

    Parameters
    ----------
    classes : int

    Members
    -------
    phase : In(phase_signature())
        Done `classes` + 2 cycles after the start, combinational.
    errors : Out(error_signature())
    step : In(STEP_WIDTH)
    number : In
        A class.
    gain : Out(signed(GAIN_WIDTH))
        The gain of class `number`, in the same cycle.
    """

    def __init__(self, classes: int) -> None:
        self._classes = classes
        super().__init__(
            {
                "phase": In(phase_signature()),
                "errors": Out(error_signature(classes)),
                "step": In(STEP_WIDTH),
                "number": In(index(classes)),
                "gain": Out(signed(GAIN_WIDTH)),
            }
        )

    def elaborate(self, platform) -> Module:
        m, classes = Module(), self._classes
        m.submodules.gains = gains = ram(signed(GAIN_WIDTH), classes)
        read, write = gains.read_port(domain="comb"), gains.write_port()
        running, number = Signal(), Signal(range(classes + 2))
        m.submodules.product = product = Product(signed(ERROR_WIDTH), unsigned(STEP_WIDTH))
        m.d.comb += [
            product.left.eq(self.errors.error),
            product.right.eq(self.step),
            self.errors.number.eq(number),
            write.addr.eq(number - 2),
            write.data.eq(half_up(product.product, STEP_BITS)),
            write.en.eq(running & (number >= 2)),
            self.phase.done.eq(running & (number == classes + 1)),
            read.addr.eq(self.number),
            self.gain.eq(read.data),
        ]
        with m.If(running):
            m.d.sync += [number.eq(number + 1), running.eq(~self.phase.done)]
        with m.If(self.phase.start):
            m.d.sync += [running.eq(1), number.eq(0)]
        return m
