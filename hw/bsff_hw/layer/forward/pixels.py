"""The input maps of a layer by pixel, for the forward pass."""

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from bsff_hw.block.slots import SLOTS
from bsff_hw.interfaces import Planned, index, read_signature
from bsff_hw.parts.ram import ram
from bsff_hw.plan import LayerPlan


def pixel_read_signature(plan: LayerPlan) -> wiring.Signature:
    """Read all channels of a pixel of the map at work; the address is row * width + column."""
    return read_signature(index(plan.height * plan.width), plan.channels_in * plan.levels)


class PixelStore(Planned):
    """Assemble the words of a pixel's channels from beats, and keep those of two maps.

    Members
    -------
    arrives : In(1)
    bits : In(beat * levels)
        A beat.
    ends : In(1)
        The beat is the last of its pixel.
    working : In(1)
        The slot that `pixels` reads.
    pixels : In(pixel_read_signature(plan))
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "arrives": In(1),
            "bits": In(plan.beat * plan.levels),
            "ends": In(1),
            "working": In(1),
            "pixels": In(pixel_read_signature(plan)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        size, width = plan.height * plan.width, plan.channels_in * plan.levels
        m.submodules.store = store = ram(unsigned(width), SLOTS * size)
        write, read = store.write_port(), store.read_port()
        collected = Signal(width)
        word = Cat(collected, self.bits)[plan.beat * plan.levels :]
        address = Signal(range(SLOTS * size))
        with m.If(self.arrives):
            m.d.sync += collected.eq(word)
            with m.If(self.ends):
                m.d.sync += address.eq(Mux(address == SLOTS * size - 1, 0, address + 1))
        m.d.comb += [
            write.addr.eq(address),
            write.data.eq(word),
            write.en.eq(self.arrives & self.ends),
            read.en.eq(self.pixels.enable),
            read.addr.eq(self.pixels.address + Mux(self.working, size, 0)),
            self.pixels.word.eq(read.data),
        ]
        return m
