"""Gains and biases of the head, a class a cycle. Model: `bsff.golden.head.run`."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import BIAS_BITS, BIAS_WIDTH, ERROR_WIDTH, GAIN_BITS, GAIN_WIDTH, STEP_BITS, STEP_WIDTH
from bsff_hw.interfaces import error_signature, index, phase_signature
from bsff_hw.parts.arithmetic import half_up, saturate


class HeadGains(wiring.Component):
    """The class error scales the head's update here: a gain for every class, which moves its bias at once.

    Parameters
    ----------
    classes : int

    Members
    -------
    phase : In(phase_signature())
        Done `classes` + 1 cycles after the start, combinational; the last bias moves in that cycle.
    errors : Out(error_signature())
    step : In(STEP_WIDTH)
    gains, biases : Out(ArrayLayout(signed, classes))
    column, write, data : In
        The host writes a bias, between maps.
    """

    def __init__(self, classes: int) -> None:
        self._classes = classes
        super().__init__(
            {
                "phase": In(phase_signature()),
                "errors": Out(error_signature(classes)),
                "step": In(STEP_WIDTH),
                "gains": Out(data.ArrayLayout(signed(GAIN_WIDTH), classes)),
                "biases": Out(data.ArrayLayout(signed(BIAS_WIDTH), classes)),
                "column": In(index(classes)),
                "write": In(1),
                "data": In(BIAS_WIDTH),
            }
        )

    def elaborate(self, platform) -> Module:
        m, classes = Module(), self._classes
        number, running, active = Signal(range(classes + 2)), Signal(), Signal()
        before, earlier = Signal(index(classes)), Signal(index(classes))
        product = Signal(signed(ERROR_WIDTH + STEP_WIDTH + 1))
        m.d.comb += [
            active.eq(self.phase.start | running),
            self.errors.number.eq(number),
            before.eq(number - 1),
            earlier.eq(number - 2),
            self.phase.done.eq(number == classes + 1),
        ]
        m.d.sync += product.eq(self.errors.error * self.step)
        with m.If(active):
            m.d.sync += [number.eq(Mux(self.phase.done, 0, number + 1)), running.eq(~self.phase.done)]
            # a class's product comes the cycle before its gain, its bias the cycle after
            with m.If((number != 0) & (number <= classes)):
                m.d.sync += self.gains[before].eq(half_up(product, STEP_BITS))
            with m.If(number >= 2):
                moved = self.biases[earlier] + half_up(self.gains[earlier], GAIN_BITS - BIAS_BITS)
                m.d.sync += self.biases[earlier].eq(saturate(moved, BIAS_WIDTH))
        with m.If(self.write):
            m.d.sync += self.biases[self.column].eq(self.data)
        return m
