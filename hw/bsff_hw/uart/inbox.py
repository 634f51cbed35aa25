"""Bytes that wait, each with whether something before it was lost."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, fifo, stream, wiring
from amaranth.lib.wiring import In, Out

DEPTH = 2048
"""Bytes: two frames of 255 words, one that waits while another is carried out; one block RAM."""
ARRIVAL = data.StructLayout({"byte": 8, "damaged": 1})
"""A byte; `damaged`: one or more before it were lost or had no stop bit."""


class Inbox(wiring.Component):
    """Keep what the receiver shows until the frame before it is done with.

    Parameters
    ----------
    depth : int

    Members
    -------
    byte, valid, broken : In
        As `receiver.Receiver` gives them.
    output : Out(stream(ARRIVAL))
        Three or more cycles later, one every two cycles at most. Outputs are registers.
    overflow : Out(1)
        For one cycle: a byte found no room.
    """

    def __init__(self, depth: int = DEPTH) -> None:
        self._depth = depth
        super().__init__(
            {
                "byte": In(8),
                "valid": In(1),
                "broken": In(1),
                "output": Out(stream.Signature(ARRIVAL)),
                "overflow": Out(1),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.store = store = fifo.SyncFIFOBuffered(width=9, depth=self._depth)
        damaged, arrives = Signal(), Signal()
        m.d.comb += [
            # a broken byte is kept too, as one that is damaged: else a frame whose last byte is lost would look late
            arrives.eq(self.valid | self.broken),
            store.w_data.eq(Cat(self.byte, damaged | self.broken)),
            store.w_en.eq(arrives & store.w_rdy),
            self.overflow.eq(arrives & ~store.w_rdy),
            store.r_en.eq(~self.output.valid),
        ]
        # a register behind the memory, which is slow; bytes come too seldom to want one in every cycle
        with m.If(self.output.valid):
            m.d.sync += self.output.valid.eq(~self.output.ready)
        with m.Else():
            m.d.sync += [self.output.valid.eq(store.r_rdy), self.output.payload.as_value().eq(store.r_data)]
        with m.If(store.w_en):
            m.d.sync += damaged.eq(0)
        with m.Elif(self.overflow):
            m.d.sync += damaged.eq(1)
        return m
