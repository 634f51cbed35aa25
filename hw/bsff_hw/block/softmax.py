"""Softmax, class error and cross-entropy of one sample, a class at a time. Model: `bsff.golden.softmax`."""

import itertools
from typing import Any

from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import ERROR_BITS, ERROR_WIDTH, EXP_BITS, EXP_ONE
from bsff.golden.tables import exp2_table, log2_table
from bsff_hw.interfaces import error_signature, index, phase_signature
from bsff_hw.parts.ram import ram

from .divide import Divider


class Softmax(wiring.Component):
    """Errors, loss and prediction from logits to the base two.

    Parameters
    ----------
    width : int
        Bits of a logit.
    classes : int

    Members
    -------
    phase : In(phase_signature())
        The outputs stay until the next start.
    number : Out
        The class whose logit is asked for.
    logit : In(signed(width))
        The logit of class `number`, a cycle later; stable until done.
    label : In
    errors : In(error_signature())
    label_error : Out(signed(ERROR_WIDTH))
    loss : Out
        `LOGIT_BITS` fractional bits of a bit.
    best : Out
        Class of the largest logit, the first of equals.

    Notes
    -----
    `plan.softmax_cycles` from the start until it is done: one subtractor divides for all classes.
    """

    def __init__(self, width: int, classes: int) -> None:
        self._width, self._classes = width, classes
        super().__init__(
            {
                "phase": In(phase_signature()),
                "number": Out(index(classes)),
                "logit": In(signed(width)),
                "label": In(index(classes)),
                "errors": In(error_signature(classes)),
                "label_error": Out(signed(ERROR_WIDTH)),
                "loss": Out(width + 2),
                "best": Out(index(classes)),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        classes = self._classes
        total, largest = Signal(range(classes * 2**EXP_ONE + 1)), Signal(signed(self._width))
        number, late = Signal(range(classes + 1)), [Signal(index(classes), name=f"number{i}") for i in (1, 2, 3)]
        # what is done with a logit when it is there, and in the stages behind
        compare, raised = Signal(), [Signal(name=f"raise{i}") for i in (1, 2, 3)]
        below, power = self._power(m, largest)
        m.submodules.divider = divider = Divider(len(total), ERROR_BITS + 1)
        lead, mantissa = self._logarithm(m, total)
        # memories, as classes are worked off one by one
        m.submodules.powers = powers = ram(unsigned(EXP_ONE + 1), classes)
        m.submodules.errors = errors = ram(signed(ERROR_WIDTH), classes)
        kept, keep = powers.read_port(domain="comb"), powers.write_port()
        error, error_write = errors.read_port(domain="comb"), errors.write_port()
        last = number == classes - 1
        m.d.comb += [
            self.number.eq(number),
            kept.addr.eq(number),
            keep.addr.eq(late[2]),
            keep.data.eq(power),
            keep.en.eq(raised[2]),
            divider.dividend.eq(kept.data),
            divider.divisor.eq(total),
            error.addr.eq(self.errors.number),
            self.errors.error.eq(error.data),
            error_write.addr.eq(number),
            error_write.data.eq(Mux(number == self.label, 2**ERROR_BITS, 0) - divider.quotient),
        ]
        m.d.sync += [
            self.phase.done.eq(0),
            compare.eq(0),
            raised[0].eq(0),
            *(new.eq(old) for old, new in itertools.pairwise(raised)),
            *(new.eq(old) for old, new in itertools.pairwise([number, *late])),
        ]
        with m.If(compare & ((late[0] == 0) | (self.logit > largest))):
            m.d.sync += [largest.eq(self.logit), self.best.eq(late[0])]
        with m.If(raised[2]):
            m.d.sync += total.eq(total + power)
        with m.FSM(name="state"):
            with m.State("IDLE"), m.If(self.phase.start):
                m.d.sync += [number.eq(0), total.eq(0)]
                m.next = "LARGEST"
            with m.State("LARGEST"):
                m.d.sync += [compare.eq(1), number.eq(Mux(last, 0, number + 1))]
                with m.If(last):
                    m.next = "COMPARED"
            with m.State("COMPARED"):  # the last logit is being compared
                m.next = "POWER"
            with m.State("POWER"):
                m.d.sync += [raised[0].eq(1), number.eq(Mux(last, 0, number + 1))]
                with m.If(last):
                    m.next = "SUM"
            with m.State("SUM"), m.If(~raised[0] & ~raised[1]):  # the last power is being added
                m.next = "DIVIDE"
            with m.State("DIVIDE"):
                m.d.comb += divider.run.eq(1)
                with m.If(divider.done):
                    m.next = "ERROR"
            with m.State("ERROR"):
                m.d.comb += error_write.en.eq(1)
                m.d.sync += number.eq(Mux(last, self.label, number + 1))
                with m.If(number == self.label):
                    m.d.sync += self.label_error.eq(error_write.data)
                m.next = "DIVIDE"
                with m.If(last):
                    m.next = "LABEL"
            with m.State("LABEL"):  # its logit comes a cycle later, its distance below the largest two
                m.next = "DISTANCE"
            with m.State("DISTANCE"):
                m.next = "LOSS"
            with m.State("LOSS"):
                m.d.sync += [self.loss.eq(below + (lead << EXP_BITS) + mantissa), self.phase.done.eq(1)]
                m.next = "IDLE"
        return m

    def _power(self, m: Module, largest: Signal) -> tuple[Signal, Signal]:
        """How far the logit is below the largest, a cycle later, and ``2**-below`` two cycles later.

        The power comes from a table and is shifted by the whole part.
        """
        table = [int(v) for v in exp2_table()]
        m.submodules.exp = rom = memory.Memory(shape=unsigned(EXP_ONE + 1), depth=2**EXP_BITS, init=table)
        port = rom.read_port()
        distance, below, power = Signal(self._width), Signal(self._width), Signal(EXP_ONE + 1)
        whole = below >> EXP_BITS
        m.d.comb += [distance.eq(largest - self.logit), port.addr.eq(distance[:EXP_BITS]), port.en.eq(1)]
        m.d.sync += [below.eq(distance), power.eq(Mux(whole > EXP_ONE, 0, port.data >> whole[: EXP_ONE.bit_length()]))]
        return below, power

    def _logarithm(self, m: Module, total: Signal) -> tuple[Signal, Any]:
        """``log2(total)`` less `EXP_ONE`: its whole part, and a cycle later its fraction from a table."""
        table = [int(v) for v in log2_table()]
        m.submodules.log = rom = memory.Memory(shape=unsigned(EXP_BITS + 1), depth=2**EXP_BITS, init=table)
        most = self._classes.bit_length() - 1  # the sum of the powers is at most `classes` ones
        port, lead = rom.read_port(), Signal(range(most + 1))
        m.d.comb += [
            lead.eq(sum((total >> (EXP_ONE + 1 + i)).any() for i in range(most))),
            port.addr.eq((total >> (lead + (EXP_ONE - EXP_BITS)))[:EXP_BITS]),
            port.en.eq(1),
        ]
        return lead, port.data
