"""Softmax, class error and cross-entropy of one sample, a class at a time. Model: `bsff.golden.softmax`."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from bsff.config import CLASSES
from bsff.golden.softmax import ERROR_BITS
from bsff.golden.tables import EXP_BITS, EXP_ONE, exp2_table, log2_table
from bsff_hw.parts.ram import ram

ERROR_WIDTH = ERROR_BITS + 2


class Softmax(wiring.Component):
    """Errors, loss and prediction from logits to the base two.

    Parameters
    ----------
    width : int
        Bits of a logit.

    Members
    -------
    start : In(1)
    number : Out(4)
    logit : In(signed(width))
        The logit of that class, in the same cycle; stable until `done`.
    label : In(4)
    error_number : In(4)
    error : Out(signed(14))
        ``1[c = y] - p[c]`` of that class, in the same cycle, in units of 2**-12.
    label_error : Out(signed(14))
    loss : Out
        In 1/64 bits.
    best : Out(4)
        Class of the largest logit, the first of equals.
    done : Out(1)
        For one cycle; the outputs stay until the next start.

    Notes
    -----
    182 cycles from `start` to `done`: one subtractor divides for all classes.
    """

    CYCLES = 182

    def __init__(self, width: int) -> None:
        self._width = width
        super().__init__(
            {
                "start": In(1),
                "number": Out(range(CLASSES)),
                "logit": In(signed(width)),
                "label": In(range(CLASSES)),
                "error_number": In(range(CLASSES)),
                "error": Out(signed(ERROR_WIDTH)),
                "label_error": Out(signed(ERROR_WIDTH)),
                "loss": Out(width + 2),
                "best": Out(range(CLASSES)),
                "done": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        exp_rom = memory.Memory(shape=unsigned(EXP_ONE + 1), depth=2**EXP_BITS, init=[int(v) for v in exp2_table()])
        log_rom = memory.Memory(shape=unsigned(EXP_BITS + 1), depth=2**EXP_BITS, init=[int(v) for v in log2_table()])
        m.submodules.exp, m.submodules.log = exp_rom, log_rom
        exp, log = exp_rom.read_port(), log_rom.read_port()

        index = Signal(range(CLASSES + 1))
        number, logit = self.number, self.logit
        largest = Signal(signed(self._width))
        below = Signal(self._width)
        whole, scaled = Signal(self._width), Signal(EXP_ONE + 1)
        # memories, as classes are worked off one by one
        powers = ram(unsigned(EXP_ONE + 1), CLASSES)
        errors = ram(signed(ERROR_WIDTH), CLASSES)
        m.submodules.powers, m.submodules.errors = powers, errors
        power, power_write = powers.read_port(domain="comb"), powers.write_port()
        error, error_write = errors.read_port(domain="comb"), errors.write_port()
        total = Signal(range(CLASSES * 2**EXP_ONE + 1))
        leading = sum((total >> (EXP_ONE + 1 + i)).any() for i in range(3))
        remainder = Signal(len(total) + 1)
        quotient = Signal(ERROR_BITS + 1)
        bit = Signal(range(ERROR_BITS + 2))
        fits = Signal()
        lead = Signal(2)
        m.d.comb += [
            number.eq(index),
            power.addr.eq(number),
            power_write.addr.eq(number),
            power_write.data.eq(scaled),
            error.addr.eq(self.error_number),
            self.error.eq(error.data),
            error_write.addr.eq(number),
            error_write.data.eq(Mux(number == self.label, 2**ERROR_BITS, 0) - quotient),
            below.eq(largest - logit),
            exp.addr.eq(below[:EXP_BITS]),
            exp.en.eq(1),
            scaled.eq(Mux(whole > EXP_ONE, 0, exp.data >> whole[:5])),
            fits.eq(remainder >= total),
            lead.eq(leading),
            log.addr.eq((total >> (lead + (EXP_ONE - EXP_BITS)))[:EXP_BITS]),
            log.en.eq(1),
        ]
        m.d.sync += [whole.eq(below >> EXP_BITS), self.done.eq(0)]
        with m.FSM(name="state"):
            with m.State("IDLE"), m.If(self.start):
                m.d.sync += [index.eq(0), total.eq(0)]
                m.next = "LARGEST"
            with m.State("LARGEST"):
                with m.If((index == 0) | (logit > largest)):
                    m.d.sync += [largest.eq(logit), self.best.eq(number)]
                m.d.sync += index.eq(index + 1)
                with m.If(index == CLASSES - 1):
                    m.d.sync += index.eq(0)
                    m.next = "LOOK"
            with m.State("LOOK"):  # the table's output comes a cycle after `below`
                m.next = "POWER"
            with m.State("POWER"):
                m.d.comb += power_write.en.eq(1)
                m.d.sync += [total.eq(total + scaled), index.eq(index + 1)]
                m.next = "LOOK"
                with m.If(index == CLASSES - 1):
                    m.d.sync += [index.eq(0), bit.eq(0)]
                    m.next = "DIVIDE"
            with m.State("DIVIDE"):
                with m.If(bit == 0):
                    m.d.sync += [remainder.eq(power.data), quotient.eq(0), bit.eq(1)]
                with m.Elif(bit <= ERROR_BITS + 1):
                    m.d.sync += [
                        quotient.eq((quotient << 1) | fits),
                        remainder.eq((remainder - Mux(fits, total, 0)) << 1),
                        bit.eq(bit + 1),
                    ]
                    with m.If(bit == ERROR_BITS + 1):
                        m.next = "ERROR"
            with m.State("ERROR"):
                m.d.comb += error_write.en.eq(1)
                m.d.sync += [index.eq(index + 1), bit.eq(0)]
                with m.If(number == self.label):
                    m.d.sync += self.label_error.eq(error_write.data)
                m.next = "DIVIDE"
                with m.If(index == CLASSES - 1):
                    m.d.sync += index.eq(self.label)
                    m.next = "LOSS"
            with m.State("LOSS"):
                m.d.sync += [
                    self.loss.eq(below + (lead << EXP_BITS) + log.data),
                    self.done.eq(1),
                ]
                m.next = "IDLE"
        return m
