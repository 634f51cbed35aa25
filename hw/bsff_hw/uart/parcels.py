"""Carry out a parcel: a list of writes, reads and waits, kept until it is known to be whole."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, unsigned
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.registers import PORT_WORDS
from bsff.contract.serial import REPLY_HEAD, REPLY_WORDS, Code, Kind
from bsff_hw.host.interfaces import host_signature

OPERATION = data.StructLayout({"kind": 2, "increments": 1, "spare": 5, "count": 8, "address": 16})
"""As `bsff.contract.serial.operation` makes it."""
PLACE_WIDTH = 8


class Parcels(wiring.Component):
    """Keep the words of a parcel, carry them out, and keep what was read.

    It ends at the first access that goes wrong, and at a register that is waited for in vain: all waits of a parcel
    together last `patience` cycles at most, so that the line is heard again soon.

    Parameters
    ----------
    patience : int
        At least 1.

    Members
    -------
    store : In(1)
        Keep `word` as the parcel's word number `at`.
    at : In(8)
    word : In(32)
    start : In(1)
        Carry out the first `length` words. Ignored unless it is idle.
    length : In(8)
    ended : Out(1)
        For one cycle, after which `code`, `place` and `count` stay until the next start.
    failed : Out(1)
        With `ended`: `code` is not 0.
    code : Out(Code)
    place : Out(8)
        The number of the word that began the operation that failed; `length` where none did.
    count : Out(8)
        Words that were read.
    look : In(8)
        Number of a word of the reply, those of its head counted.
    reply : Out(32)
        That word, a cycle later; not while a parcel is carried out.
    access : Out(host_signature())
    error, silent : In(1)
        As `bus.axi_master.AxiMaster` has them.

    Notes
    -----
    Besides the accesses, three cycles an operation and one a word that is written.

    Raises
    ------
    ValueError
        If `patience` is below 1.
    """

    def __init__(self, patience: int) -> None:
        if patience < 1:
            raise ValueError(f"patience = {patience}: expected at least 1 cycle")
        self._patience = patience
        super().__init__(
            {
                "store": In(1),
                "at": In(PLACE_WIDTH),
                "word": In(32),
                "start": In(1),
                "length": In(PLACE_WIDTH),
                "ended": Out(1),
                "failed": Out(1),
                "code": Out(Code),
                "place": Out(PLACE_WIDTH),
                "count": Out(PLACE_WIDTH),
                "look": In(PLACE_WIDTH),
                "reply": Out(32),
                "access": Out(host_signature()),
                "error": In(1),
                "silent": In(1),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        # the lower half is the parcel, the upper one the reply: one block RAM, whose ports nobody wants twice at a time
        m.submodules.words = words = memory.Memory(shape=unsigned(32), depth=2 * PORT_WORDS, init=[])
        write, read = words.write_port(), words.read_port()
        access, kept = self.access, Signal()
        m.d.comb += [
            write.en.eq(self.store | kept),
            write.addr.eq(Mux(kept, Cat((self.count + REPLY_HEAD)[:PLACE_WIDTH], Const(1, 1)), self.at)),
            write.data.eq(Mux(kept, access.read_data, self.word)),
            self.reply.eq(read.data),
            read.en.eq(0),  # else it would be 1: what was read stays while an access lasts
        ]
        operation = Signal(OPERATION)
        place, kind, left, waited = Signal(PLACE_WIDTH), Signal(2), Signal(8), Signal(range(self._patience + 1))
        m.d.comb += [
            kind.eq(operation.kind),
            access.address.eq(operation.address),
            access.writes.eq(kind == Kind.WRITE),
            access.write_data.eq(read.data),
            left.eq(operation.count),
        ]
        with m.If(waited != self._patience):
            m.d.sync += waited.eq(waited + 1)

        def fail(code: Code) -> None:
            m.d.sync += self.code.eq(code)
            m.next = "END"

        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += [read.en.eq(1), read.addr.eq(Cat(self.look, Const(1, 1)))]
                m.d.sync += place.eq(0)
                with m.If(self.start):
                    m.d.sync += [self.code.eq(Code.DONE), self.count.eq(0), waited.eq(0)]
                    m.next = "FETCH"
            with m.State("FETCH"):
                m.d.comb += [read.en.eq(1), read.addr.eq(place)]
                m.d.sync += self.place.eq(place)
                m.next = "BEGIN"
                with m.If(place == self.length):
                    m.next = "END"
            with m.State("BEGIN"):
                m.d.sync += [operation.eq(read.data), place.eq(place + 1)]
                m.next = "CHOOSE"  # not yet: the memory is slow
            with m.State("CHOOSE"):
                with m.Switch(kind):
                    with m.Case(Kind.WRITE):
                        m.next = "DATA"
                    with m.Case(Kind.READ, Kind.WAIT):
                        m.next = "ACCESS"
                    with m.Default():
                        fail(Code.MALFORMED)
                with m.If(left == 0):
                    fail(Code.MALFORMED)
            with m.State("DATA"):
                m.d.comb += [read.en.eq(1), read.addr.eq(place)]
                m.d.sync += place.eq(place + 1)
                m.next = "ACCESS"
                with m.If(place == self.length):
                    fail(Code.MALFORMED)
            with m.State("ACCESS"):
                m.d.comb += access.request.eq(1)
                with m.If(access.done):
                    with m.If(self.error):
                        fail(Code.ERROR)
                    with m.Elif(self.silent):
                        fail(Code.SILENT)
                    with m.Elif(kind == Kind.WAIT):
                        with m.If(access.read_data != 0):
                            m.next = "FETCH"
                        with m.Elif(waited == self._patience):
                            fail(Code.NOT_READY)
                    with m.Elif((kind == Kind.READ) & (self.count == REPLY_WORDS)):
                        fail(Code.MALFORMED)
                    with m.Else():
                        m.d.comb += kept.eq(kind == Kind.READ)
                        m.d.sync += [operation.count.eq(left - 1), self.count.eq(self.count + kept)]
                        with m.If(operation.increments):
                            m.d.sync += operation.address.eq(operation.address + 4)
                        with m.If(left == 1):
                            m.next = "FETCH"
                        with m.Elif(kind == Kind.WRITE):
                            m.next = "DATA"
            with m.State("END"):
                m.d.comb += [self.ended.eq(1), self.failed.eq(self.code != Code.DONE)]
                m.next = "IDLE"
        return m
