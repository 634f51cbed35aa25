"""From words to bytes, and the checksum of those that were sent."""

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .frames import CRC


class Words(wiring.Component):
    """Send words, the highest byte first.

    Latency: the first byte is offered in the cycle after a word was taken. Throughput: a word every five cycles.

    Members
    -------
    begin : In(1)
        With a word: it is the first of a frame.
    checksum : In(1)
        With a word: send the checksum of the frame's bytes before it in its place, lowest byte first.
    input : In(stream(32))
    output : Out(stream(8))
    """

    begin: In(1)
    checksum: In(1)
    input: In(stream.Signature(32))
    output: Out(stream.Signature(8))

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.crc = crc = CRC.create()
        rest, left = Signal(32), Signal(range(5))
        swapped = [crc.crc.word_select(place, 8) for place in range(4)]
        m.d.comb += [
            self.input.ready.eq(left == 0),
            self.output.valid.eq(left != 0),
            self.output.payload.eq(rest[24:]),
            crc.start.eq(self.input.valid & self.input.ready & self.begin),
            crc.data.eq(self.output.payload),
            crc.valid.eq(self.output.valid & self.output.ready),
        ]
        with m.If(self.input.ready & self.input.valid):
            m.d.sync += [left.eq(4), rest.eq(self.input.payload)]
            with m.If(self.checksum):
                m.d.sync += [rest.word_select(3 - place, 8).eq(byte) for place, byte in enumerate(swapped)]
                with m.If(self.begin):
                    m.d.sync += rest.eq(0)  # the checksum of no bytes
        with m.Elif(self.output.valid & self.output.ready):
            m.d.sync += [left.eq(left - 1), rest.eq(rest << 8)]
        return m
