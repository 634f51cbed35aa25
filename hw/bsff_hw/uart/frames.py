"""From bytes to frames: a head, then the words of a write."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.crc import catalog
from amaranth.lib.wiring import In, Out

from bsff.contract.serial import Command

from .inbox import ARRIVAL

HEAD = data.StructLayout({"writes": 1, "increments": 1, "length": 8, "address": 32})
"""What a frame wants; `length` is 1 or more, `address` counts words."""
WORD = data.StructLayout({"word": 32, "last": 1, "whole": 1})
"""A word that is written; `whole`: it is the checksum of those before it in the frame."""
CRC = catalog.CRC32_ISO_HDLC(data_width=8)


class Frames(wiring.Component):
    """Cut a stream of bytes into frames, and never wait for one that does not go on.

    A frame that ends in silence is given up. One with an unknown command, with no words, or with a byte that was damaged
    is given up too, and then nothing is believed until the line was silent, since what follows may be the middle of a
    frame. Words that were handed on before stay so; `abandoned` tells that no more will come.

    Time during which `head` or a word waits does not count as silence.

    Parameters
    ----------
    silence : int
        Cycles; at least 1.

    Members
    -------
    input : In(stream(ARRIVAL))
    head : Out(stream(HEAD))
        A frame begins. The next one is not read before this is taken.
    word : Out(stream(WORD))
        The words of a write, after its head.
    abandoned : Out(1)
        For one cycle: no more words will come.
    cut, unknown : Out(1)
        For one cycle, of the counters: silence within a frame; a head that is none.

    Notes
    -----
    A head is offered in the cycle after its last byte was taken, a word in the cycle after its last byte. A byte a cycle,
    but for one cycle a head and one a word.

    Raises
    ------
    ValueError
        If `silence` is below 1.
    """

    def __init__(self, silence: int) -> None:
        if silence < 1:
            raise ValueError(f"silence = {silence}: expected at least 1 cycle")
        self._silence = silence
        super().__init__(
            {
                "input": In(stream.Signature(ARRIVAL)),
                "head": Out(stream.Signature(HEAD)),
                "word": Out(stream.Signature(WORD)),
                "abandoned": Out(1),
                "cut": Out(1),
                "unknown": Out(1),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.crc = crc = CRC.create()
        byte, head, word = self.input.payload.byte, self.head.payload, self.word.payload
        taken, place, left, quiet, over = Signal(), Signal(2), Signal(8), Signal(range(self._silence)), Signal()
        m.d.comb += [
            taken.eq(self.input.valid & self.input.ready),
            over.eq((quiet == self._silence - 1) & ~self.input.valid),
            crc.data.eq(byte),
            word.last.eq(left == 1),
            word.whole.eq(crc.match_detected),
        ]
        m.d.sync += quiet.eq(quiet + 1)
        with m.If(taken | self.head.valid | self.word.valid):
            m.d.sync += quiet.eq(0)

        def distrust(*, within: bool = True) -> None:
            # what ends a frame, whatever the state makes of the byte
            with m.If(taken & self.input.payload.damaged):
                m.d.comb += self.abandoned.eq(1)
                m.next = "DEAF"
            with m.Elif(over & within):
                m.d.comb += [self.abandoned.eq(1), self.cut.eq(1)]
                m.next = "COMMAND"

        with m.FSM():
            with m.State("COMMAND"):
                m.d.comb += self.input.ready.eq(1)
                m.d.sync += place.eq(0)
                with m.If(taken):
                    m.d.sync += [
                        head.writes.eq((byte == Command.WRITE) | (byte == Command.WRITE_FIXED)),
                        head.increments.eq((byte == Command.WRITE) | (byte == Command.READ)),
                    ]
                    m.next = "LENGTH"
                    with m.If((byte < min(Command)) | (byte > max(Command))):
                        m.d.comb += self.unknown.eq(~self.input.payload.damaged)
                        m.next = "DEAF"
                distrust(within=False)
            with m.State("LENGTH"):
                m.d.comb += self.input.ready.eq(1)
                with m.If(taken):
                    m.d.sync += [head.length.eq(byte), left.eq(byte)]
                    m.next = "ADDRESS"
                    with m.If(byte == 0):
                        m.d.comb += self.unknown.eq(~self.input.payload.damaged)
                        m.next = "DEAF"
                distrust()
            with m.State("ADDRESS"):
                m.d.comb += self.input.ready.eq(1)
                with m.If(taken):
                    m.d.sync += [head.address.eq(Cat(byte, head.address)), place.eq(place + 1)]
                    with m.If(place == 3):
                        m.next = "HEAD"
                distrust()
            with m.State("HEAD"):
                m.d.comb += [self.head.valid.eq(1), crc.start.eq(1)]
                with m.If(self.head.ready):
                    m.next = "COMMAND"
                    with m.If(head.writes):
                        m.next = "BYTES"
            with m.State("BYTES"):
                m.d.comb += [self.input.ready.eq(1), crc.valid.eq(taken)]
                with m.If(taken):
                    m.d.sync += [word.word.eq(Cat(byte, word.word)), place.eq(place + 1)]
                    with m.If(place == 3):
                        m.next = "WORD"
                distrust()
            with m.State("WORD"):
                m.d.comb += self.word.valid.eq(1)
                with m.If(self.word.ready):
                    m.d.sync += left.eq(left - 1)
                    m.next = "BYTES"
                    with m.If(word.last):
                        m.next = "COMMAND"
            with m.State("DEAF"):
                m.d.comb += self.input.ready.eq(1)
                with m.If(over):
                    m.next = "COMMAND"
        return m
