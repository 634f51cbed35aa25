"""Registers on the long way between the host's window and the memories of a block."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import access_signature

from .stage import hand_on


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
        hand_on(m, self.host, self.block, ("memory", "rewind", "step", "write", "data"), "read")
        return m
