"""Samples on their way in: a FIFO of pixels."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import LABEL_WIDTH, PIXEL_WIDTH

DEPTH = 4
"""Samples that wait at most: enough for the host to write one while another is taken."""
PIXELS_A_WORD = 4


def pixels_signature() -> stream.Signature:
    """A stream of pixels in the order row, column, colour, each with the label of its sample."""
    return stream.Signature(data.StructLayout({"pixel": PIXEL_WIDTH, "label": LABEL_WIDTH}))


class SampleStore(wiring.Component):
    """Keep whole samples until the encoder takes them.

    Parameters
    ----------
    pixels : int
        8-bit pixels of a sample.

    Members
    -------
    begin : In(1)
        A sample begins; its label is `data`. What was written of another is dropped.
    write : In(1)
        `data` holds the next four pixels; the last word queues the sample. Ignored without a label or space.
    drop : In(1)
        Forget a sample half written.
    data : In(32)
    space : Out
        Samples that may be written.
    output : Out(stream)
        Pixels with their label: one a cycle, and a cycle to fetch each word of four.
    """

    def __init__(self, pixels: int) -> None:
        self._pixels = pixels
        self._words = -(-pixels // PIXELS_A_WORD)
        super().__init__(
            {
                "begin": In(1),
                "write": In(1),
                "drop": In(1),
                "data": In(32),
                "space": Out(range(DEPTH + 1), init=DEPTH),
                "output": Out(pixels_signature()),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.store = store = memory.Memory(shape=unsigned(32), depth=DEPTH * self._words, init=[])
        write, read = store.write_port(), store.read_port()
        labels, label = Signal(data.ArrayLayout(LABEL_WIDTH, DEPTH)), Signal(LABEL_WIDTH)
        slot_in, slot_out = Signal(range(DEPTH)), Signal(range(DEPTH))
        word, opened = Signal(range(self._words + 1)), Signal()
        base_in, base_out = Signal(range(DEPTH * self._words)), Signal(range(DEPTH * self._words))

        def after(slot: Any, base: Any) -> Any:
            return Mux(slot == DEPTH - 1, 0, base + self._words)

        accept, queued, freed = Signal(), Signal(), Signal()
        m.d.comb += [
            accept.eq(self.write & opened & (self.space != 0)),
            queued.eq(accept & (word == self._words - 1)),
            write.addr.eq(base_in + word),
            write.data.eq(self.data),
            write.en.eq(accept),
        ]
        with m.If(accept):
            m.d.sync += word.eq(word + 1)
        with m.If(queued):
            # not before: without space the slot is still that of a sample that waits
            m.d.sync += labels[slot_in].eq(label)
            m.d.sync += [opened.eq(0), slot_in.eq(slot_in + 1), base_in.eq(after(slot_in, base_in))]
        with m.If(self.begin):
            m.d.sync += [opened.eq(1), word.eq(0), label.eq(self.data)]
        with m.If(self.drop):
            m.d.sync += opened.eq(0)
        m.d.sync += self.space.eq(self.space - queued + freed)

        # out: a word is fetched, then cut into pixels
        place, pixel, there = Signal(range(self._words)), Signal(range(self._pixels + 1)), Signal()
        byte = pixel[:2]
        m.d.comb += [
            read.en.eq(1),
            read.addr.eq(base_out + place),
            self.output.valid.eq(there),
            self.output.payload.pixel.eq(read.data.word_select(byte, PIXEL_WIDTH)),
            self.output.payload.label.eq(labels[slot_out]),
        ]
        m.d.sync += there.eq(self.space != DEPTH)
        with m.If(there & self.output.ready):
            m.d.sync += pixel.eq(pixel + 1)
            with m.If(pixel == self._pixels - 1):
                m.d.comb += freed.eq(1)
                m.d.sync += [
                    there.eq(0), pixel.eq(0), place.eq(0), slot_out.eq(slot_out + 1), base_out.eq(after(slot_out, base_out))
                ]  # fmt: skip
            with m.Elif(byte == PIXELS_A_WORD - 1):
                m.d.sync += [there.eq(0), place.eq(place + 1)]
        return m
