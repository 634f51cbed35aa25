"""Two maps: one at work, one arriving."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import LABEL_WIDTH

SLOTS = 2
"""Maps that a block holds."""


class Slots(wiring.Component):
    """Say which half of a double buffer fills and which is at work.

    Members
    -------
    arrives : In(1)
        A beat is taken; only while `ready`.
    last : In(1)
        The beat is the last of its map.
    label_in : In(LABEL_WIDTH)
        The label of the beat's sample.
    ready : Out(1)
        A slot is free.
    filling, working : Out(1)
        The slot that fills, the slot at work.
    full : Out(1)
        The map at work is complete; it stays until `release`.
    release : In(1)
        The map at work is done with.
    label : Out(LABEL_WIDTH)
        The label of the map at work.
    """

    arrives: In(1)
    last: In(1)
    label_in: In(LABEL_WIDTH)
    ready: Out(1)
    filling: Out(1)
    working: Out(1)
    full: Out(1)
    release: In(1)
    label: Out(LABEL_WIDTH)

    def elaborate(self, platform) -> Module:
        m = Module()
        held = Signal(range(SLOTS + 1))
        labels = Signal(data.ArrayLayout(LABEL_WIDTH, SLOTS))
        m.d.comb += [self.ready.eq(held != SLOTS), self.full.eq(held != 0), self.label.eq(labels[self.working])]
        with m.If(self.arrives):
            m.d.sync += labels[self.filling].eq(self.label_in)
            with m.If(self.last):
                m.d.sync += self.filling.eq(~self.filling)
        with m.If(self.release):
            m.d.sync += self.working.eq(~self.working)
        m.d.sync += held.eq(held + (self.arrives & self.last) - self.release)
        return m
