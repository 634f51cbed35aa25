"""From two pins to registers: frames are carried out one after another, each with an end."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature, connect

from bsff.contract.registers import BRIDGE, BRIDGE_BASE, EVENTS, PARCEL_BASE, RELEASE, REPLY_BASE
from bsff.contract.serial import REPLY_HEAD
from bsff_hw.bus.axi_lite import PORTS
from bsff_hw.bus.axi_master import PATIENCE, AxiMaster
from bsff_hw.bus.join import join

from .counters import Counters
from .frames import HEAD, Frames
from .inbox import DEPTH, Inbox
from .parcels import Parcels
from .receiver import Receiver
from .session import PARCEL_HEADER, Session
from .transmitter import Transmitter
from .words import Words

WINDOW_BITS = 14
"""Bits of a word's address in a window: the machine's is the first, the bridge's the second."""
PORT_BITS = 8
NOTHING = 0xFFFFFFFF
"""What a plain read gets where the machine gave no answer; LiteX's buses say the same."""


class Bridge(wiring.Component):
    """Registers over a serial line, by the frames of LiteX's UARTBone, and by parcels that are whole or nothing.

    A plain frame reads or writes the machine word by word, as it comes. While a session is open the machine is reached by
    its parcels alone: what a damaged frame says can then do it no harm. docs/serial.md has the rules.

    Nothing waits for ever: a frame ends by silence, an access by the patience of the master, a parcel's waits by the same
    time as a silence, an answer because the line is never busy.

    Parameters
    ----------
    cycles : int
        Of a bit; see `divisor.divisor`.
    silence : int
        Cycles without a byte that end a frame.
    patience : int
        Cycles that the machine may take for an access.
    inbox : int
        Bytes that may wait.

    Members
    -------
    rx, tx : In(1), Out(1)
        The line, high while idle.
    axi : Out
        Ports ``awaddr`` ... ``rready`` as a master has them.

    Notes
    -----
    One word at a time: an access, and four bytes on the line for a word that is read. Read words leave without a pause
    where an access takes less than 40 bits.
    """

    def __init__(self, cycles: int, *, silence: int, patience: int = PATIENCE, inbox: int = DEPTH) -> None:
        self._receiver, self._transmitter = Receiver(cycles), Transmitter(cycles)
        self._inbox, self._frames, self._words = Inbox(inbox), Frames(silence), Words()
        self._parcels, self._session, self._counters = Parcels(silence), Session(), Counters(inbox)
        self._master = AxiMaster(patience=patience)
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1), "axi": In(Signature(PORTS))})

    def elaborate(self, platform) -> Module:
        m = Module()
        receiver, transmitter, inbox, frames, words = (
            self._receiver,
            self._transmitter,
            self._inbox,
            self._frames,
            self._words,
        )
        m.submodules.receiver = receiver
        m.submodules.inbox = inbox
        m.submodules.frames = frames
        m.submodules.session = self._session
        m.submodules.parcels = self._parcels
        m.submodules.counters = self._counters
        m.submodules.master = self._master
        m.submodules.words = words
        m.submodules.transmitter = transmitter
        m.d.comb += [
            receiver.line.eq(self.rx),
            inbox.byte.eq(receiver.byte),
            inbox.valid.eq(receiver.valid),
            inbox.broken.eq(receiver.broken),
            self.tx.eq(transmitter.line),
            # the master's ports are ours
            *join(self._master.axi, self.axi, PORTS),
        ]
        connect(m, inbox.output, frames.input)
        connect(m, words.output, transmitter.input)
        access = self._access(m)
        self._carry_out(m, access)
        return m

    def _access(self, m: Module) -> Signature:
        """The master serves the parcels while one is carried out, else plain frames; returns the latter's port."""
        master, parcels = self._master, self._parcels
        plain = self._master.host.signature.flip().create()
        for name in ("request", "writes", "address", "write_data"):
            m.d.comb += getattr(master.host, name).eq(
                Mux(parcels.access.request, getattr(parcels.access, name), getattr(plain, name))
            )
        m.d.comb += [
            parcels.error.eq(master.error),
            parcels.silent.eq(master.silent),
            *(port.done.eq(master.host.done) for port in (plain, parcels.access)),
            *(port.read_data.eq(master.host.read_data) for port in (plain, parcels.access)),
        ]
        return plain

    def _carry_out(self, m: Module, plain) -> None:
        """A frame at a time: where its words go, or come from."""
        frames, words, parcels, session = self._frames, self._words, self._parcels, self._session
        counters, master = self._counters, self._master
        frame, word, header = Signal(HEAD), frames.word.payload, Signal(PARCEL_HEADER)
        number, value = Signal(8), Signal(32)

        window, port = frame.address[WINDOW_BITS:], frame.address[PORT_BITS:]
        inside = frame.address[:WINDOW_BITS]
        to_machine, to_parcel, to_reply, to_registers, to_release = (Signal(name=f"to_{name}") for name in
            ("machine", "parcel", "reply", "registers", "release"))  # fmt: skip
        locked, last = Signal(), Signal()
        m.d.comb += [
            to_machine.eq(window == 0),
            to_registers.eq(port == BRIDGE_BASE >> (2 + PORT_BITS)),
            to_parcel.eq(port == PARCEL_BASE >> (2 + PORT_BITS)),
            to_reply.eq(port == REPLY_BASE >> (2 + PORT_BITS)),
            to_release.eq(to_registers & (inside == BRIDGE["BRIDGE_RELEASE"].offset // 4)),
            locked.eq(session.session != 0),
            last.eq(number == frame.length - 1),
            plain.address.eq(Cat(Const(0, 2), frame.address[:WINDOW_BITS])),
            plain.writes.eq(frame.writes),
            plain.write_data.eq(word.word),
            # a parcel's header is kept apart, and its checksum is not kept
            parcels.at.eq(number - 1),
            parcels.word.eq(word.word),
            parcels.length.eq(frame.length - 2),
            parcels.look.eq(frame.address[:PORT_BITS]),
            session.header.eq(header),
            session.whole.eq(word.whole),
            session.ended.eq(parcels.ended),
            session.failed.eq(parcels.failed),
            counters.session.eq(Cat(session.session, session.halted)),
            counters.address.eq(frame.address[:6]),
        ]

        happened = {
            "frames": frames.head.valid & frames.head.ready,
            "framing_errors": self._receiver.broken,
            "overflows": self._inbox.overflow,
            "cuts": frames.cut,
            "unknown": frames.unknown,
            "refused": session.refused,
            "locked_out": Signal(name="locked_out"),
            "bus_errors": Signal(name="bus_error"),
        }
        m.d.comb += counters.events.eq(Cat(happened[name] for name in EVENTS))
        m.d.comb += happened["bus_errors"].eq(master.host.done & (master.error | master.silent))

        reply = Signal(32)
        with m.Switch(frame.address[:PORT_BITS]):
            with m.Case(0):
                m.d.comb += reply.eq(Cat(session.sequence, session.session, session.halted, Const(0, 3), parcels.code))
            with m.Case(1):
                m.d.comb += reply.eq(Cat(parcels.count, Const(0, 8), parcels.place))
            with m.Default():
                m.d.comb += reply.eq(parcels.reply)
        assert REPLY_HEAD == 2

        def follow(end: str, other: str) -> None:
            """Go on with the next word, or the next frame."""
            m.d.sync += [number.eq(number + 1), frame.address.eq(frame.address + frame.increments)]
            m.next = other
            with m.If(last):
                m.next = end

        with m.FSM():
            with m.State("HEAD"):
                m.d.comb += frames.head.ready.eq(1)
                m.d.sync += [frame.eq(frames.head.payload), number.eq(0)]
                with m.If(frames.head.valid):
                    m.next = "FETCH"
                    with m.If(frames.head.payload.writes):
                        m.next = "TAKE"
            with m.State("TAKE"):
                with m.If(frames.abandoned):
                    m.next = "HEAD"
                with m.If(frames.word.valid):
                    with m.If(to_machine & ~locked):
                        m.next = "WRITE"
                    with m.Else():
                        m.d.comb += [
                            frames.word.ready.eq(1),
                            happened["locked_out"].eq(to_machine),
                            session.release.eq(to_release & (word.word == RELEASE)),
                            parcels.store.eq(to_parcel & (number != 0)),
                            session.ask.eq(to_parcel & last & (number != 0)),
                        ]
                        with m.If(number == 0):
                            m.d.sync += header.eq(word.word)
                        follow("HEAD", "TAKE")
                        with m.If(session.accept):
                            m.d.comb += parcels.start.eq(1)
                            m.next = "PARCEL"
            with m.State("WRITE"):
                m.d.comb += plain.request.eq(1)
                with m.If(plain.done):
                    m.d.comb += frames.word.ready.eq(1)
                    follow("HEAD", "TAKE")
            with m.State("PARCEL"), m.If(parcels.ended):
                m.next = "HEAD"
            with m.State("FETCH"):
                with m.If(to_machine & ~locked):
                    m.d.comb += plain.request.eq(1)
                    with m.If(plain.done):
                        m.d.sync += value.eq(Mux(master.error | master.silent, NOTHING, plain.read_data))
                        m.next = "SEND"
                with m.Else():
                    m.next = "LOOK"
            with m.State("LOOK"):  # the memories' and the counters' cycle is over
                m.d.sync += value.eq(0)
                with m.If(to_machine):
                    m.d.comb += happened["locked_out"].eq(1)
                    m.d.sync += value.eq(NOTHING)
                with m.Elif(to_registers):
                    m.d.sync += value.eq(counters.value)
                with m.Elif(to_reply):
                    m.d.sync += value.eq(reply)
                m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += [
                    words.input.valid.eq(1),
                    words.input.payload.eq(value),
                    words.begin.eq(number == 0),
                    words.checksum.eq(to_reply & last),
                ]
                with m.If(words.input.ready):
                    follow("HEAD", "FETCH")
