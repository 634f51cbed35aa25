"""Maps that a block holds: one at work, the others arriving or waiting."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import LABEL_WIDTH
from bsff_hw.interfaces import index
from bsff_hw.plan.memories import SLOTS


class Slots(wiring.Component):
    """Say which slot of a ring fills and which is at work.

    Parameters
    ----------
    count : int
        Slots, at least 2.

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
    filling, working : Out(index(count))
        The slot that fills, the slot at work.
    full : Out(1)
        The map at work is complete; it stays until `release`.
    release : In(1)
        The map at work is done with.
    label : Out(LABEL_WIDTH)
        The label of the map at work.
    """

    def __init__(self, count: int = SLOTS) -> None:
        self._count = count
        super().__init__(
            {
                "arrives": In(1),
                "last": In(1),
                "label_in": In(LABEL_WIDTH),
                "ready": Out(1),
                "filling": Out(index(count)),
                "working": Out(index(count)),
                "full": Out(1),
                "release": In(1),
                "label": Out(LABEL_WIDTH),
            }
        )

    def elaborate(self, platform) -> Module:
        m, count = Module(), self._count
        held = Signal(range(count + 1))
        labels = Signal(data.ArrayLayout(LABEL_WIDTH, count))
        m.d.comb += [self.ready.eq(held != count), self.full.eq(held != 0), self.label.eq(labels[self.working])]
        with m.If(self.arrives):
            m.d.sync += labels[self.filling].eq(self.label_in)
            with m.If(self.last):
                m.d.sync += self.filling.eq(self._after(self.filling))
        with m.If(self.release):
            m.d.sync += self.working.eq(self._after(self.working))
        m.d.sync += held.eq(held + (self.arrives & self.last) - self.release)
        return m

    def _after(self, slot: Signal):
        return ~slot if self._count == 2 else Mux(slot == self._count - 1, 0, slot + 1)
