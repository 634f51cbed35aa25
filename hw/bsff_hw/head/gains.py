"""Gains and biases of the head, a class a cycle. Model: `bsff.golden.head.run`."""

import itertools

from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import BIAS_BITS, BIAS_WIDTH, ERROR_WIDTH, GAIN_BITS, GAIN_WIDTH, STEP_BITS, STEP_WIDTH
from bsff_hw.interfaces import error_signature, index, phase_signature
from bsff_hw.parts.arithmetic import half_up, saturate
from bsff_hw.parts.product import Product
from bsff_hw.parts.ram import ram


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
    gains : Out(ArrayLayout(signed, classes))
    number : In
        A class.
    bias : Out(signed(BIAS_WIDTH))
        The bias of class `number`, a cycle later, while no gains are made. One choice of a class serves all who ask.
    cleared : Out(1)
        The biases are 0 after a reset.
    write, data : In
        The host writes the bias of class `number`, between maps.
    """

    def __init__(self, classes: int) -> None:
        self._classes = classes
        super().__init__(
            {
                "phase": In(phase_signature()),
                "errors": Out(error_signature(classes)),
                "step": In(STEP_WIDTH),
                "gains": Out(data.ArrayLayout(signed(GAIN_WIDTH), classes)),
                "number": In(index(classes)),
                "bias": Out(signed(BIAS_WIDTH)),
                "cleared": Out(1),
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
        m.submodules.biases = biases = ram(signed(BIAS_WIDTH), classes)
        read, write = biases.read_port(domain="comb"), biases.write_port()
        gain, moved = Signal(signed(GAIN_WIDTH)), Signal(signed(BIAS_WIDTH + 1))
        # registers between choosing a class's bias and adding its gain
        kept, change = Signal.like(gain), Signal.like(gain)
        clearing, word = Signal(init=1), Signal(range(classes))
        m.d.comb += [
            self.cleared.eq(~clearing),
            read.addr.eq(Mux(active, earlier, self.number)),
            active.eq(self.phase.start | running),
            self.errors.number.eq(number),
            self.phase.done.eq(number == classes + 3),
            product.left.eq(self.errors.error),
            product.right.eq(self.step),
            gain.eq(half_up(product.product, STEP_BITS)),
            moved.eq(self.bias + change),
        ]
        m.d.sync += [
            self.bias.eq(read.data),
            kept.eq(gain),
            change.eq(half_up(kept, GAIN_BITS - BIAS_BITS)),
            *(new.eq(old) for old, new in itertools.pairwise([number, *late])),
        ]
        with m.If(active):
            m.d.sync += [number.eq(Mux(self.phase.done, 0, number + 1)), running.eq(~self.phase.done)]
            # a class's product comes the cycle before its gain, its bias two cycles after
            with m.If((number >= 2) & (number <= classes + 1)):
                m.d.sync += self.gains[before].eq(gain)
        # registers part those who write from the memory
        m.d.sync += [
            write.en.eq(self.write | (active & (number >= 4))),
            write.addr.eq(Mux(self.write, self.number, first)),
            write.data.eq(Mux(self.write, self.data.as_signed(), saturate(moved, BIAS_WIDTH))),
        ]
        with m.If(clearing):
            m.d.sync += [write.en.eq(1), write.addr.eq(word), write.data.eq(0), word.eq(word + 1)]
            with m.If(word == classes - 1):
                m.d.sync += clearing.eq(0)
        return m
