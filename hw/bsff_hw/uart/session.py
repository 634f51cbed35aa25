"""Which parcels are carried out: those of the open session, whole, each in its turn and once."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

SEQUENCE_WIDTH = 16
PARCEL_HEADER = data.StructLayout(
    {"sequence": SEQUENCE_WIDTH, "session": 8, "opens": 1, "closes": 1, "resumes": 1, "spare": 5}
)
"""As `bsff.contract.serial.parcel_header` makes it."""


class Session(wiring.Component):
    """Decide about a parcel, and remember the last one that was carried out.

    A parcel whose checksum is wrong, or which belongs to no open session, is refused; so is one that comes before its
    turn, because the one before it was refused. One that comes again is not carried out again, and is no error: the reply
    to it still stands. After a parcel that ended before its end all others are refused until one resumes.

    Members
    -------
    ask : In(1)
        For one cycle: decide about `header`, which was `whole` or not.
    header : In(PARCEL_HEADER)
        There for two cycles before `ask`.
    whole : In(1)
    release : In(1)
        For one cycle: close the session, whoever opened it.
    ended, failed : In(1)
        For one cycle: the parcel was carried out; to its end or not.
    accept : Out(1)
        In the cycle of `ask`: carry it out.
    refused : Out(1)
        In the cycle of `ask`: it is neither carried out nor a repetition.
    sequence : Out(16)
        Of the last parcel that was accepted.
    session : Out(8)
        0 while none is open.
    halted : Out(1)
    """

    ask: In(1)
    header: In(PARCEL_HEADER)
    whole: In(1)
    release: In(1)
    ended: In(1)
    failed: In(1)
    accept: Out(1)
    refused: Out(1)
    sequence: Out(SEQUENCE_WIDTH)
    session: Out(8)
    halted: Out(1)

    def elaborate(self, platform) -> Module:
        m = Module()
        header, ours, again, due, closing = self.header, Signal(), Signal(), Signal(), Signal()
        following = Signal(SEQUENCE_WIDTH)
        m.d.comb += [
            ours.eq((header.session == self.session) & (self.session != 0)),
            self.accept.eq(self.ask & self.whole & ~again & (due | (header.opens & (header.session != 0)))),
            self.refused.eq(self.ask & ~(self.whole & (again | due | header.opens))),
        ]
        # in registers, since a header is there long before its parcel's end
        m.d.sync += [
            following.eq(self.sequence + 1),
            again.eq(ours & (header.sequence == self.sequence)),
            due.eq(ours & (header.sequence == following) & (~self.halted | header.resumes)),
        ]
        with m.If(self.accept):
            m.d.sync += [
                self.sequence.eq(header.sequence),
                self.session.eq(header.session),
                self.halted.eq(0),
                closing.eq(header.closes),
            ]
        with m.If(self.ended):
            m.d.sync += self.halted.eq(self.failed)
            with m.If(closing):
                m.d.sync += self.session.eq(0)
        with m.If(self.release):
            m.d.sync += self.session.eq(0)
        return m
