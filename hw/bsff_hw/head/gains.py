"""Gains and biases of the head, a class a cycle. Model: `bsff.golden.head.run`."""

import itertools

from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import BIAS_BITS, BIAS_WIDTH, ERROR_WIDTH, GAIN_BITS, GAIN_WIDTH, STEP_BITS, STEP_WIDTH
from bsff_hw.interfaces import error_signature, index, phase_signature
from bsff_hw.parts.arithmetic import half_up, saturate
from bsff_hw.parts.product import Product


class HeadGains(wiring.Component):
    """The class error scales the head's update here: a gain for every class, which moves its bias at once.

    Parameters
    ----------
    classes : int

    Members
    -------
    phase : In(phase_signature())
        Done `classes` + 3 cycles after the start, combinational; the last bias moves a cycle later.
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
        number, running, active = Signal(range(classes + 4)), Signal(), Signal()
        late = [Signal.like(number, name=f"number{i}") for i in (1, 2, 3, 4)]
        before, earlier, first = late[1:]  # the classes whose gain, bias and sum are next
        m.submodules.product = product = Product(signed(ERROR_WIDTH), unsigned(STEP_WIDTH))
        # a value that goes to a word of an array has a name: Verilog would else have its formula once a word
        gain, moved = Signal(signed(GAIN_WIDTH)), Signal(signed(BIAS_WIDTH + 1))
        # registers between choosing a class's bias and adding its gain
        bias, kept, change = Signal(signed(BIAS_WIDTH)), Signal.like(gain), Signal.like(gain)
        place, value = Signal(index(classes)), Signal(signed(BIAS_WIDTH))
        m.d.comb += [
            active.eq(self.phase.start | running),
            self.errors.number.eq(number),
            self.phase.done.eq(number == classes + 3),
            product.left.eq(self.errors.error),
            product.right.eq(self.step),
            gain.eq(half_up(product.product, STEP_BITS)),
            moved.eq(bias + change),
        ]
        m.d.sync += [
            bias.eq(self.biases[earlier]),
            kept.eq(gain),
            change.eq(half_up(kept, GAIN_BITS - BIAS_BITS)),
            *(new.eq(old) for old, new in itertools.pairwise([number, *late])),
        ]
        with m.If(active):
            m.d.sync += [number.eq(Mux(self.phase.done, 0, number + 1)), running.eq(~self.phase.done)]
            # a class's product comes the cycle before its gain, its bias two cycles after
            with m.If((number >= 2) & (number <= classes + 1)):
                m.d.sync += self.gains[before].eq(gain)
        # one value and one place for both who write a bias, the host between maps: else every word has a choice of its own
        # in front of it, two thousand LUTs of them in a small machine (decision 040); registers part them from the words
        write = Signal()
        m.d.sync += [
            write.eq(self.write | (active & (number >= 4))),
            place.eq(Mux(self.write, self.column, first)),
            value.eq(Mux(self.write, self.data.as_signed(), saturate(moved, BIAS_WIDTH))),
        ]
        with m.If(write):
            m.d.sync += self.biases[place].eq(value)
        return m
