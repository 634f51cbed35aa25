"""Samples on their way in: a FIFO of pixels, and the encoder that makes bits of them.

Integer model of the encoder: `bsff.golden.encode.encode`.
"""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from bsff.config import DataConfig
from bsff.contract.geometry import planes
from bsff_hw.layer.forward.maps import LABEL_BITS, beat_layout
from bsff_hw.parts.lfsr import Draws

DEPTH = 4
"""Samples that wait at most: enough for the host to write one while another is taken."""
PIXELS_A_WORD = 4


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
        Its next four pixels; the last word queues it. Ignored without a label or space.
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
                "output": Out(stream.Signature(data.StructLayout({"pixel": 8, "label": LABEL_BITS}))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.store = store = memory.Memory(shape=unsigned(32), depth=DEPTH * self._words, init=[])
        write, read = store.write_port(), store.read_port()
        labels, label = Signal(data.ArrayLayout(LABEL_BITS, DEPTH)), Signal(LABEL_BITS)
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
            self.output.payload.pixel.eq(read.data.word_select(byte, 8)),
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


class Encoder(wiring.Component):
    """Make the bits of one pixel a cycle.

    Parameters
    ----------
    config : DataConfig
    pixels : int
        Pixels of a sample; a sample begins with a fresh state of the generator.

    Members
    -------
    input : In(stream)
        From `SampleStore`.
    output : Out(stream)
        The planes of a pixel.
    load, load_data, state :
        Of the generator, see `lfsr.Draws`.
    """

    def __init__(self, config: DataConfig, pixels: int) -> None:
        self._config, self._pixels = config, pixels
        super().__init__(
            {
                "input": In(stream.Signature(data.StructLayout({"pixel": 8, "label": LABEL_BITS}))),
                "output": Out(stream.Signature(beat_layout(planes(config)))),
                "load": In(2),
                "load_data": In(32),
                "state": Out(64, init=1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        config, pixel = self._config, self.input.payload.pixel
        m.submodules.draws = draws = Draws(1)
        m.d.comb += [
            draws.load.eq(self.load),
            draws.load_data.eq(self.load_data),
            self.state.eq(draws.state),
            self.output.valid.eq(self.input.valid),
            self.output.payload.label.eq(self.input.payload.label),
            self.input.ready.eq(self.output.ready),
        ]
        if config.encoding == "bernoulli":
            taken, number = Signal(), Signal(range(self._pixels))
            last = number == self._pixels - 1
            m.d.comb += [
                taken.eq(self.input.valid & self.output.ready),
                draws.take.eq(taken),
                draws.align.eq(taken & last),
                self.output.payload.bits.eq(draws.draws[0][8:] < pixel),
            ]
            with m.If(taken):
                m.d.sync += number.eq(Mux(last, 0, number + 1))
        elif config.encoding == "bitplanes":
            m.d.comb += self.output.payload.bits.eq(Cat(pixel[7 - i] for i in range(config.planes)))
        else:
            m.d.comb += self.output.payload.bits.eq(Cat(pixel >= level for level in config.levels))
        return m
