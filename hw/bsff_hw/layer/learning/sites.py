"""Which sites an input tap reaches: rows of its channel, shifted to the kernel's place, chunk by chunk."""

from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import Planned, index
from bsff_hw.layer.forward.planes import plane_read_signature
from bsff_hw.parts.odometer import Odometer
from bsff_hw.plan import LayerPlan

from .passes import pass_layout


def chunk_layout(plan: LayerPlan) -> data.StructLayout:
    """The inputs that a tap has at the sites of a chunk.

    ``inputs`` are those of each position of each site, sites in raster order; ``base`` is where the chunk begins in a
    response memory; ``first`` and ``last`` mark the chunks of a pass.
    """
    return data.StructLayout(
        {
            "inputs": data.ArrayLayout(plan.chunk_sites * plan.site_bits, plan.parts),
            "base": index(plan.response_depth),
            "first": 1,
            "last": 1,
        }
    )


def _flags_layout(plan: LayerPlan) -> data.StructLayout:
    """What accompanies two rows through the memory."""
    return data.StructLayout(
        {
            "even": 1,
            "odd": 1,
            "swap": 1,
            "site": 1,
            "second": 1,
            "column": index(plan.kernel[1]),
            "plane": index(plan.beat * plan.levels),
            "complete": 1,
            "first": 1,
            "last": 1,
            "base": index(plan.response_depth),
        }
    )


class Sites(Planned):
    """Gather the inputs that a tap has at every position.

    Members
    -------
    passes : In(stream)
        From `passes.Passes`; a pass is taken when its last rows are asked for.
    planes : Out(plane_read_signature(plan))
    chunks : Out(stream(chunk_layout(plan)))

    Notes
    -----
    Two map rows a cycle: a chunk takes ``chunk_rows`` cycles, gathered while the one before it is in use; the first one comes
    ``chunk_rows + 1`` cycles after its pass.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "passes": In(stream.Signature(pass_layout(plan))),
            "planes": Out(plane_read_signature(plan)),
            "chunks": Out(stream.Signature(chunk_layout(plan))),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan, chunk = self._plan, self.chunks.payload
        flags, arrived, enable, collect = Signal(_flags_layout(plan)), Signal(), Signal(), Signal()
        self._ask(m, flags, arrived, enable)

        # a chunk that is complete waits here, and the first rows of the next one in the memory
        m.d.comb += [collect.eq(arrived & (~self.chunks.valid | self.chunks.ready)), enable.eq(~arrived | collect)]
        for part in range(plan.parts):
            sites = self._pair(m, part, flags)
            with m.If(collect):
                m.d.sync += chunk.inputs[part].eq(Cat(chunk.inputs[part], sites)[len(sites) :])
        with m.If(self.chunks.ready):
            m.d.sync += self.chunks.valid.eq(0)
        with m.If(collect & flags.complete):
            m.d.sync += [
                self.chunks.valid.eq(1),
                chunk.first.eq(flags.first),
                chunk.last.eq(flags.last),
                chunk.base.eq(flags.base),
            ]
        return m

    def _ask(self, m: Module, flags: Any, arrived: Signal, enable: Signal) -> None:
        """Ask for rows: pair by pair of a chunk, chunk by chunk of a level."""
        plan, at, planes = self._plan, self.passes.payload, self.planes
        ask = Signal()
        place = Odometer(m, {"pair": plan.chunk_rows, "chunk": plan.chunks, "level": plan.levels}, advance=ask, clear=0)
        end_pair = place.ends["pair"]
        row = Signal(range(plan.chunks * plan.chunk_rows + 1))
        offset = Signal(index(plan.response_depth))  # where the chunk begins among those of its fold
        end_row = end_pair & place.ends["chunk"]
        with m.If(ask):
            m.d.sync += row.eq(Mux(end_row, 0, row + 1))
            with m.If(end_pair):
                m.d.sync += offset.eq(Mux(end_row, 0, offset + plan.chunk_depth))
        m.d.comb += [ask.eq(self.passes.valid & enable), self.passes.ready.eq(enable & place.last)]

        # rows 2 row + ky - padding and the one below it: one of them is even
        high, above = plan.kernel[0], plan.padding[0]
        shift = Array(Const((ky - above) >> 1, signed(5)) for ky in range(high))[at.ky]
        odd = Array(Const((ky - above) & 1, 1) for ky in range(high))[at.ky]
        lower = Signal(signed(len(row) + 6))
        upper = Signal.like(lower)
        m.d.comb += [
            lower.eq(row + shift),
            upper.eq(lower + odd),
            planes.enable.eq(enable),
            planes.address.rows[1].eq(lower[: len(planes.address.rows[1])]),
            planes.address.rows[0].eq(upper[: len(planes.address.rows[0])]),
            planes.address.beat.eq(at.beat),
        ]
        with m.If(enable):
            m.d.sync += [
                arrived.eq(self.passes.valid),
                flags.even.eq((upper >= 0) & (2 * upper < plan.height)),
                flags.odd.eq((lower >= 0) & (2 * lower + 1 < plan.height)),
                flags.swap.eq(odd),
                flags.site.eq(row < plan.site_rows),
                flags.second.eq(2 * row + 1 < plan.shape.conv[0]),
                flags.column.eq(at.kx),
                flags.plane.eq(at.unit * plan.levels + place["level"] if plan.levels > 1 else at.unit),
                flags.complete.eq(end_pair),
                flags.first.eq((place["chunk"] == 0) & (place["level"] == 0)),
                flags.last.eq(place.ends["chunk"] & place.ends["level"]),
                flags.base.eq(at.fold * (plan.chunks * plan.chunk_depth) + offset),
            ]

    def _pair(self, m: Module, part: int, flags: Any) -> Any:
        """The sites of two rows of the map of one part."""
        plan = self._plan
        width, width_out, left = plan.width, plan.shape.conv[1], plan.padding[1]
        rows = []
        for parity, there in enumerate((flags.even, flags.odd)):
            word = self.planes.word[part][parity].word_select(flags.plane, width)
            rows.append(Mux(there, word, 0))
        top, bottom = Mux(flags.swap, rows[1], rows[0]), Mux(flags.swap, rows[0], rows[1])
        shifted = []
        for number, source in enumerate((top, bottom)):
            line = Signal(width, name=f"line{part}_{number}")
            m.d.comb += line.eq(source)
            places = Array(
                Cat(line[x + kx - left] if 0 <= x + kx - left < width else Const(0, 1) for x in range(width_out))
                for kx in range(plan.kernel[1])
            )
            moved = Signal(width_out, name=f"moved{part}_{number}")
            m.d.comb += moved.eq(Mux(flags.site & (flags.second if number else 1), places[flags.column], 0))
            shifted.append(moved)
        if not plan.pooled:
            return Cat(*shifted)
        window = shifted[: plan.pool[0]]
        return Cat(Cat(row[2 * x : 2 * x + 2] for row in window) for x in range(plan.row_sites))
