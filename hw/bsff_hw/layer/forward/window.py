"""The sliding window: which input bits a position sees."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from bsff_hw.interfaces import Planned, index
from bsff_hw.plan import LayerPlan

from .pixels import pixel_read_signature


class Window(Planned):
    """Slide a kernel over the map, position by position in raster order, reading every column once a row.

    Members
    -------
    start : In(1)
        Begin with the first position of a map.
    pixels : Out(pixel_read_signature(plan))
    windows : Out(stream(plan.window_bits))
        Of one position after another. Tap (ky, kx, c) is in unary: bit
        ((ky * width + kx) * channels_in + c) * levels + i is set where it exceeds i.

    Notes
    -----
    A column takes two cycles more than the kernel has rows, read while the window before it is in use; a row begins with
    columns that are no position, one less than the kernel has.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "start": In(1),
            "pixels": Out(pixel_read_signature(plan)),
            "windows": Out(stream.Signature(plan.window_bits)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        (high, wide), (above, left), bits = plan.kernel, plan.padding, plan.channels_in * plan.levels
        columns = plan.width + 2 * left
        last_row = plan.height + 2 * above - high

        # reading: row ky of column x of the window whose top is at row y; both count from the edge of the padding
        reading, ky = Signal(), Signal(index(high))
        x, y = Signal(range(columns + 1)), Signal(range(last_row + 2))
        row_start = Signal(bits_for(max(2, plan.height * plan.width + plan.width)) + 1)
        top = Signal.like(row_start)  # where row y begins; wraps below zero in the padding, where it is not used
        inside = Signal()
        row = Signal(range(plan.height + 2 * above + high))
        m.d.comb += [
            row.eq(y + ky),
            inside.eq((row >= above) & (row < plan.height + above) & (x >= left) & (x < plan.width + left)),
            self.pixels.enable.eq(reading),
            self.pixels.address.eq(Mux(inside, row_start + x - left, 0)),
        ]
        arrived, blank, complete = Signal(), Signal(), Signal()
        m.d.sync += [arrived.eq(reading), blank.eq(~inside), complete.eq(reading & (ky == high - 1))]
        column = Signal(high * bits)
        with m.If(arrived):
            m.d.sync += column.eq(Cat(column, Mux(blank, 0, self.pixels.word))[bits:])
        with m.If(reading):
            m.d.sync += [ky.eq(ky + 1), row_start.eq(row_start + plan.width)]
            with m.If(ky == high - 1):
                m.d.sync += [reading.eq(0), ky.eq(0)]

        # shifting the column in, as soon as the window is free
        staged = Signal()
        with m.If(complete):
            m.d.sync += staged.eq(1)
        free = Signal()
        shift = Signal()
        m.d.comb += [free.eq(~self.windows.valid | self.windows.ready), shift.eq(staged & free)]
        with m.If(self.windows.ready):
            m.d.sync += self.windows.valid.eq(0)
        taps = [self.windows.payload[i * bits : (i + 1) * bits] for i in range(high * wide)]
        with m.If(shift):
            for i in range(high):
                for j in range(wide):
                    source = taps[i * wide + j + 1] if j + 1 < wide else column[i * bits : (i + 1) * bits]
                    m.d.sync += taps[i * wide + j].eq(source)
            m.d.sync += [
                staged.eq(0),
                self.windows.valid.eq(x >= wide - 1),
                reading.eq(1),
                x.eq(x + 1),
                row_start.eq(top),
            ]
            with m.If(x == columns - 1):
                m.d.sync += [x.eq(0), y.eq(y + 1), top.eq(top + plan.width), row_start.eq(top + plan.width)]
                with m.If(y == last_row):
                    m.d.sync += reading.eq(0)
        with m.If(self.start):
            first = -above * plan.width
            m.d.sync += [reading.eq(1), ky.eq(0), x.eq(0), y.eq(0), top.eq(first), row_start.eq(first)]
        return m
