"""Registers on the long way between the host's window and the memories of a block."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import access_signature


class AccessStage(wiring.Component):
    """Hand on one access after another, with a register each way, so that no gate of the window lies in a path of the block.

    Members
    -------
    host : In(access_signature())
        From `memory_window.MemoryWindow`.
    block : Out(access_signature())

    Notes
    -----
    Two cycles more than the block needs; moves of the address come a cycle later, in the order in which they were asked for.
    """

    host: In(access_signature())
    block: Out(access_signature())

    def elaborate(self, platform) -> Module:
        m = Module()
        host, block = self.host, self.block
        answered = Signal()
        m.d.comb += host.done.eq(answered)
        m.d.sync += [
            *(getattr(block, name).eq(getattr(host, name)) for name in ("memory", "rewind", "step", "write", "data")),
            # asked for once: not in the cycle in which the answer comes, nor in the one in which it goes on
            block.request.eq(host.request & ~answered & ~(block.request & block.done)),
            answered.eq(block.request & block.done),
            host.read.eq(block.read),
        ]
        return m
