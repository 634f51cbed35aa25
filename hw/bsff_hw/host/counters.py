"""Event counters of a block: 64 bits each in one small memory, brought up to date after every sample."""

from amaranth.hdl import Array, Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import COUNTERS, CYCLE_COUNTERS
from bsff_hw.parts.ram import ram

NAMES = (*COUNTERS, *CYCLE_COUNTERS)
INCREMENT = 32


def events_signature() -> wiring.Signature:
    """What one sample did: ``counts`` by name, taken with ``commit``, only while not ``busy``."""
    counts = data.StructLayout({name: INCREMENT for name in NAMES})
    return wiring.Signature({"commit": Out(1), "counts": Out(counts), "busy": In(1)})


class EventCounters(wiring.Component):
    """Add one sample's events to the counters.

    Members
    -------
    events : In(events_signature())
        What to add.
    clear : In(1)
        Set all to 0.
    address : In(4)
    data : Out(64)
        One cycle after the address, while not busy.

    Notes
    -----
    A commit takes three cycles a counter.
    """

    def __init__(self) -> None:
        super().__init__({"events": In(events_signature()), "clear": In(1), "address": In(4), "data": Out(64)})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.store = store = ram(unsigned(64), 16)
        read, write = store.read_port(), store.write_port()
        held = Signal.like(self.events.counts, name="held")
        index, clearing = Signal(range(len(NAMES) + 1)), Signal()
        adding, writing = Signal(), Signal()  # after the cycle of the address
        new, addend = Signal(64), Signal(INCREMENT)
        m.d.comb += [
            read.en.eq(1),
            read.addr.eq(Mux(self.events.busy, index, self.address)),
            self.data.eq(read.data),
            write.addr.eq(index),
            write.data.eq(new),
            write.en.eq(writing),
        ]
        m.d.sync += [
            addend.eq(Array(held[name] for name in NAMES)[index]),
            new.eq(Mux(clearing, 0, read.data + addend)),
        ]
        with m.If(self.events.busy):
            m.d.sync += [adding.eq(~adding & ~writing), writing.eq(adding)]
            with m.If(writing):
                m.d.sync += index.eq(index + 1)
                with m.If(index == len(NAMES) - 1):
                    m.d.sync += [self.events.busy.eq(0), clearing.eq(0)]
        with m.Elif(self.events.commit | self.clear):
            m.d.sync += [
                self.events.busy.eq(1),
                adding.eq(0),
                writing.eq(0),
                index.eq(0),
                held.eq(self.events.counts),
                clearing.eq(self.clear),
            ]
        return m
