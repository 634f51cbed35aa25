"""The window through which the host reads and writes the memories of the blocks, word by word."""

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import MEMORIES
from bsff.contract.registers import GLOBAL
from bsff_hw.interfaces import access_signature

from .decode import shape_of

SEEK_MAX = 2**20
"""Words that the way to MEMORY_ADDRESS is counted, at most; no memory is larger."""


class MemoryWindow(wiring.Component):
    """Answer accesses of MEMORY_DATA.

    A block has no random access to its memories: it goes back to word 0 and on by single steps. The window counts the
    steps to the address once after the address or the choice of the memory was written; then each access moves one on.

    Members
    -------
    request : In(1)
        Read, or with `writes` write, the word at `address`; held until `done`.
    writes : In(1)
    write_data : In(32)
    done : Out(1)
    read_data : Out(32)
        Valid with `done`, else 0; 0 where there is no such block or memory.
    select, address : In
        MEMORY_SELECT and MEMORY_ADDRESS.
    moved : In(1)
        One of them is written.
    advance : Out(1)
        The address moves on by one word.
    accesses : Out, one a block

    Notes
    -----
    Two cycles more than the block needs, and one a word more for the first access after `moved`.
    """

    def __init__(self, blocks: int) -> None:
        self._blocks = blocks
        super().__init__(
            {
                "request": In(1),
                "writes": In(1),
                "write_data": In(32),
                "done": Out(1),
                "read_data": Out(32),
                "select": In(shape_of(GLOBAL["MEMORY_SELECT"])),
                "address": In(32),
                "moved": In(1),
                "advance": Out(1),
                "accesses": Out(access_signature()).array(blocks),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        chosen, there = Signal(range(self._blocks + 1)), Signal()
        stale, seek = Signal(init=1), Signal(range(SEEK_MAX + 1))  # stale: the block has not found the word yet
        rewind, step, asked = Signal(), Signal(), Signal()
        m.d.comb += [
            there.eq((self.select.block < self._blocks) & (self.select.memory < len(MEMORIES))),
            chosen.eq(self.select.block),
        ]
        for i, access in enumerate(self.accesses):
            mine = there & (chosen == i)
            m.d.comb += [
                access.memory.eq(self.select.memory),
                access.rewind.eq(mine & rewind),
                access.step.eq(mine & step),
                access.request.eq(mine & asked),
                access.write.eq(self.writes),
                access.data.eq(self.write_data),
            ]
        answered = Array(access.done for access in self.accesses)[chosen] | ~there
        read = Array(access.read for access in self.accesses)[chosen]
        with m.If(self.moved):
            m.d.sync += stale.eq(1)
        with m.FSM(name="state"):
            with m.State("IDLE"), m.If(self.request):
                m.d.comb += rewind.eq(stale)
                m.d.sync += [stale.eq(0), seek.eq(Mux(stale, Mux(self.address > SEEK_MAX, SEEK_MAX, self.address), 0))]
                m.next = "SEEK"
            with m.State("SEEK"):
                with m.If(seek != 0):
                    m.d.comb += step.eq(1)
                    m.d.sync += seek.eq(seek - 1)
                with m.Else():
                    m.next = "MEMORY"
            with m.State("MEMORY"):
                m.d.comb += asked.eq(1)
                with m.If(answered):
                    m.d.comb += [self.done.eq(1), self.read_data.eq(Mux(there, read, 0)), step.eq(1)]
                    m.d.comb += self.advance.eq(1)
                    m.next = "IDLE"
        return m
