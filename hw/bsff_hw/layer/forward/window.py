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
    windows : Out(stream(kernel * kernel * channels_in * levels))
        Of one position after another. Tap (ky, kx, c) is in unary: bit
        ((ky * kernel + kx) * channels_in + c) * levels + i is set where it exceeds i.

    Notes
    -----
    A column takes kernel + 2 cycles, read while the window before it is in use; a row begins with kernel - 1 columns that
    are no position.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "start": In(1),
            "pixels": Out(pixel_read_signature(plan)),
            "windows": Out(stream.Signature(plan.kernel**2 * plan.channels_in * plan.levels)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        kernel, pad, bits = plan.kernel, plan.padding, plan.channels_in * plan.levels
        columns = plan.width + 2 * pad
        last_row = plan.height + 2 * pad - kernel

        # reading: row ky of column x of the window whose top is at row y; both count from the edge of the padding
        reading, ky = Signal(), Signal(index(kernel))
        x, y = Signal(range(columns + 1)), Signal(range(last_row + 2))
        row_start = Signal(bits_for(max(2, plan.height * plan.width + plan.width)) + 1)
        top = Signal.like(row_start)  # where row y begins; wraps below zero in the padding, where it is not used
        inside = Signal()
        row = Signal(range(plan.height + 2 * pad + kernel))
        m.d.comb += [
            row.eq(y + ky),
            inside.eq((row >= pad) & (row < plan.height + pad) & (x >= pad) & (x < plan.width + pad)),
            self.pixels.enable.eq(reading),
            self.pixels.address.eq(Mux(inside, row_start + x - pad, 0)),
        ]
        arrived, blank, complete = Signal(), Signal(), Signal()
        m.d.sync += [arrived.eq(reading), blank.eq(~inside), complete.eq(reading & (ky == kernel - 1))]
        column = Signal(kernel * bits)
        with m.If(arrived):
            m.d.sync += column.eq(Cat(column, Mux(blank, 0, self.pixels.word))[bits:])
        with m.If(reading):
            m.d.sync += [ky.eq(ky + 1), row_start.eq(row_start + plan.width)]
            with m.If(ky == kernel - 1):
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
        taps = [self.windows.payload[i * bits : (i + 1) * bits] for i in range(kernel**2)]
        with m.If(shift):
            for i in range(kernel):
                for j in range(kernel):
                    source = taps[i * kernel + j + 1] if j + 1 < kernel else column[i * bits : (i + 1) * bits]
                    m.d.sync += taps[i * kernel + j].eq(source)
            m.d.sync += [
                staged.eq(0),
                self.windows.valid.eq(x >= kernel - 1),
                reading.eq(1),
                x.eq(x + 1),
                row_start.eq(top),
            ]
            with m.If(x == columns - 1):
                m.d.sync += [x.eq(0), y.eq(y + 1), top.eq(top + plan.width), row_start.eq(top + plan.width)]
                with m.If(y == last_row):
                    m.d.sync += reading.eq(0)
        with m.If(self.start):
            above = -pad * plan.width
            m.d.sync += [reading.eq(1), ky.eq(0), x.eq(0), y.eq(0), top.eq(above), row_start.eq(above)]
        return m
