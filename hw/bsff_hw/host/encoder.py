"""The input encoder: bits from pixels. Integer model: `bsff.golden.encode.encode`."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.config import DataConfig
from bsff.config.encodings import ENCODINGS
from bsff.contract.formats import DRAW_BITS, PIXEL_WIDTH
from bsff.contract.geometry import planes
from bsff_hw.interfaces import beats, generator_signature
from bsff_hw.parts.lfsr import Draws
from bsff_hw.parts.queue import Queue

from .samples import pixels_signature


def _levels(config: DataConfig, pixel: Value, draw: Value) -> Value:
    return Cat(pixel >= level for level in config.levels)


def _bitplanes(config: DataConfig, pixel: Value, draw: Value) -> Value:
    return Cat(pixel[PIXEL_WIDTH - 1 - i] for i in range(config.planes))


def _bernoulli(config: DataConfig, pixel: Value, draw: Value) -> Value:
    return draw[DRAW_BITS - PIXEL_WIDTH :] < pixel


CIRCUITS = {"threshold": _levels, "thermometer": _levels, "bitplanes": _bitplanes, "bernoulli": _bernoulli}
"""Each makes the bits of a pixel, given a random number of its own; those that use none leave the generator alone."""


class Encoder(wiring.Component):
    """Make the bits of one pixel a cycle; latency one cycle.

    Parameters
    ----------
    pixels : int
        Pixels of a sample; a sample begins with a fresh state of the generator.

    Members
    -------
    input : In(pixels_signature())
        From `samples.SampleStore`.
    output : Out(beats())
        The planes of a pixel.
    generator : In(generator_signature())
    """

    def __init__(self, config: DataConfig, pixels: int) -> None:
        self._config, self._pixels = config, pixels
        super().__init__(
            {
                "input": In(pixels_signature()),
                "output": Out(beats(planes(config))),
                "generator": In(generator_signature()),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        config = self._config
        m.submodules.draws = draws = Draws(1)
        # a pixel waits here, since the memory from which it comes is slow
        m.submodules.queue = queue = Queue(self.input.payload.shape())
        connect(m, flipped(self.input), queue.input)
        pixel = queue.output.payload.pixel
        connect(m, flipped(self.generator), draws.generator)
        m.d.comb += [
            self.output.valid.eq(queue.output.valid),
            self.output.payload.label.eq(queue.output.payload.label),
            self.output.payload.bits.eq(CIRCUITS[config.encoding](config, pixel, draws.draws[0])),
            queue.output.ready.eq(self.output.ready),
        ]
        if ENCODINGS[config.encoding].random:
            taken, number = Signal(), Signal(range(self._pixels))
            last = number == self._pixels - 1
            m.d.comb += [
                taken.eq(self.output.valid & self.output.ready),
                draws.take.eq(taken),
                draws.align.eq(taken & last),
            ]
            with m.If(taken):
                m.d.sync += number.eq(Mux(last, 0, number + 1))
        return m
