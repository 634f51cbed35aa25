"""The input maps of a layer, twice buffered and kept in two orders: by pixel for the forward pass, by channel for the update."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.contract.formats import LABEL_WIDTH
from bsff_hw.block.slots import SLOTS, Slots
from bsff_hw.interfaces import Planned, beats
from bsff_hw.parts.arithmetic import total
from bsff_hw.parts.odometer import Odometer
from bsff_hw.plan import LayerPlan

from .pixels import PixelStore, pixel_read_signature
from .planes import PlaneStore, place_counts, plane_read_signature


class MapStore(Planned):
    """Take maps from a stream and hold two of them.

    Members
    -------
    input : In(stream)
        Positions in raster order, channels rising, `plan.beat` channels a beat; ready while a slot is free.
    full, release, label :
        State and label of the map at work, see `block.slots.Slots`.
    ones : Out(plan.ones_width)
        Number of ones in the map at work; counts are summed.
    pixels : In(pixel_read_signature(plan))
    planes : In(plane_read_signature(plan))
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "input": In(beats(plan.beat * plan.levels)),
            "full": Out(1),
            "release": In(1),
            "label": Out(LABEL_WIDTH),
            "ones": Out(plan.ones_width),
            "pixels": In(pixel_read_signature(plan)),
            "planes": In(plane_read_signature(plan)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan, beat = self._plan, self.input.payload
        m.submodules.slots = slots = Slots()
        m.submodules.by_pixel = by_pixel = PixelStore(plan)
        m.submodules.by_plane = by_plane = PlaneStore(plan)
        connect(m, flipped(self.pixels), by_pixel.pixels)
        connect(m, flipped(self.planes), by_plane.planes)
        arrives, pixel_ends = Signal(), Signal()
        place = Odometer(m, place_counts(plan), advance=arrives, clear=0)
        m.d.comb += [
            self.input.ready.eq(slots.ready),
            arrives.eq(self.input.valid & slots.ready),
            pixel_ends.eq(place.ends["beat"] & place.ends["part"] & place.ends["turn"]),
            slots.arrives.eq(arrives),
            slots.last.eq(place.last),
            slots.label_in.eq(beat.label),
            slots.release.eq(self.release),
            self.full.eq(slots.full),
            self.label.eq(slots.label),
        ]
        for store in (by_pixel, by_plane):
            m.d.comb += [
                store.arrives.eq(arrives),
                store.bits.eq(beat.bits),
                store.ends.eq(pixel_ends),
                store.working.eq(slots.working),
            ]
        m.d.comb += by_plane.filling.eq(slots.filling)
        m.d.comb += [by_plane.place[name].eq(place[name]) for name in place_counts(plan)]

        first = Signal(init=1)
        ones = Signal(data.ArrayLayout(plan.ones_width, SLOTS))
        m.d.comb += self.ones.eq(ones[slots.working])
        with m.If(arrives):
            m.d.sync += [
                first.eq(place.last),
                ones[slots.filling].eq(Mux(first, 0, ones[slots.filling]) + total(list(beat.bits))),
            ]
        return m
