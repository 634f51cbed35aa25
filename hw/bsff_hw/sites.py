"""Which sites an input tap reaches: rows of its channel, shifted to the kernel's place, chunk by chunk."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .passes import pass_layout
from .plan import LayerPlan


class Sites(wiring.Component):
    """Gather the inputs that a tap has at every position.

    Members
    -------
    pass_valid, pass_payload, pass_ready :
        From `passes.Passes`; taken with the last chunk of a pass.
    plane_row, plane_block, planes :
        Read port of `maps.MapStore`, one cycle of latency.
    valid : Out(1)
        `inputs` are those of a chunk.
    inputs : Out(ArrayLayout(chunk_sites * site_bits, parts))
        Input of each position of each site, sites in raster order.
    base : Out
        Where the chunk begins in a response memory.
    first, last : Out(1)
        Chunk of a pass.
    next : In(1)
        The chunk was taken.

    Notes
    -----
    Two map rows a cycle; a chunk takes ``chunk_rows + 2`` cycles, the first of a pass one more, gathered while the one before
    it is in use.
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        half = -(-plan.height // 2)
        row = data.ArrayLayout(max(1, (half - 1).bit_length()), 2)
        word = plan.beat * plan.levels * plan.width
        super().__init__(
            {
                "pass_valid": In(1),
                "pass_payload": In(pass_layout(plan)),
                "pass_ready": Out(1),
                "plane_row": Out(row),
                "plane_block": Out(range(max(2, plan.blocks_in // plan.parts))),
                "planes": In(data.ArrayLayout(data.ArrayLayout(word, 2), plan.parts)),
                "valid": Out(1),
                "inputs": Out(data.ArrayLayout(plan.chunk_sites * plan.site_bits, plan.parts)),
                "base": Out(range(max(2, plan.response_depth))),
                "first": Out(1),
                "last": Out(1),
                "next": In(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        at = self.pass_payload
        # what is being gathered
        reading, pair = Signal(), Signal(range(plan.chunk_rows + 1))
        chunk, level = Signal(range(max(2, plan.chunks))), Signal(range(max(2, plan.levels)))
        row = Signal(range(plan.chunks * plan.chunk_rows + 1))
        base = Signal(range(max(2, plan.response_depth)))
        end_chunk = chunk == plan.chunks - 1

        # rows 2 row + ky - padding and the one below it: one of them is even
        shift = Array(Const((ky - plan.padding) >> 1, signed(5)) for ky in range(plan.kernel))[at.ky]
        odd = Array(Const((ky - plan.padding) & 1, 1) for ky in range(plan.kernel))[at.ky]
        lower = Signal(signed(len(row) + 6))
        upper = Signal.like(lower)
        m.d.comb += [
            lower.eq(row + shift),
            upper.eq(lower + odd),
            self.plane_row[1].eq(lower[: len(self.plane_row[1])]),
            self.plane_row[0].eq(upper[: len(self.plane_row[0])]),
            self.plane_block.eq(at.block),
        ]
        there = [(upper >= 0) & (2 * upper < plan.height), (lower >= 0) & (2 * lower + 1 < plan.height)]
        arrived, complete = Signal(), Signal()
        flags = Signal(data.StructLayout({"even": 1, "odd": 1, "swap": 1, "site": 1, "second": 1}))
        column, plane = Signal.like(at.kx), Signal(range(plan.beat * plan.levels))
        m.d.sync += [
            arrived.eq(reading),
            complete.eq(reading & (pair == plan.chunk_rows - 1)),
            flags.even.eq(there[0]),
            flags.odd.eq(there[1]),
            flags.swap.eq(odd),
            flags.site.eq(row < plan.site_rows),
            flags.second.eq(2 * row + 1 < plan.shape.conv[0]),
            column.eq(at.kx),
            plane.eq(at.unit * plan.levels + level if plan.levels > 1 else at.unit),
        ]
        with m.If(reading):
            m.d.sync += [pair.eq(pair + 1), row.eq(row + 1)]
            with m.If(pair == plan.chunk_rows - 1):
                m.d.sync += reading.eq(0)

        for part in range(plan.parts):
            sites = self._pair(m, part, flags, column, plane)
            with m.If(arrived):
                m.d.sync += self.inputs[part].eq(Cat(self.inputs[part], sites)[len(sites) :])

        # a chunk that is complete waits here; the next one is gathered as soon as it is taken
        m.d.comb += self.pass_ready.eq(self.next & self.last)
        with m.If(complete):
            m.d.sync += self.valid.eq(1)
        ended = Signal(init=1)  # no pass is under way
        with m.If(self.next):
            m.d.sync += [self.valid.eq(0), ended.eq(self.last)]
        begin_pass = self.pass_valid & ended & ~reading & ~arrived & ~complete & ~self.valid
        begin_chunk = self.next & ~self.last
        with m.If(begin_pass):
            span = plan.chunks * plan.chunk_depth
            m.d.sync += [
                reading.eq(1), pair.eq(0), row.eq(0), chunk.eq(0), level.eq(0), ended.eq(0),
                self.first.eq(1), self.last.eq((plan.chunks == 1) & (plan.levels == 1)),
                base.eq(at.fold * span), self.base.eq(at.fold * span),
            ]  # fmt: skip
        with m.Elif(begin_chunk):
            following = Mux(end_chunk, 0, chunk + 1)
            next_level = Mux(end_chunk, level + 1, level)
            m.d.sync += [
                reading.eq(1), pair.eq(0), chunk.eq(following), level.eq(next_level), self.first.eq(0),
                self.last.eq((following == plan.chunks - 1) & (next_level == plan.levels - 1)),
                self.base.eq(Mux(end_chunk, base, self.base + plan.chunk_depth)),
            ]  # fmt: skip
            with m.If(end_chunk):
                m.d.sync += row.eq(0)
        return m

    def _pair(self, m: Module, part: int, flags: Any, column: Any, plane: Any) -> Any:
        """The sites of two rows of the map of one part."""
        plan = self._plan
        width, width_out = plan.width, plan.shape.conv[1]
        rows = []
        for parity, there in enumerate((flags.even, flags.odd)):
            word = self.planes[part][parity].word_select(plane, width)
            rows.append(Mux(there, word, 0))
        top, bottom = Mux(flags.swap, rows[1], rows[0]), Mux(flags.swap, rows[0], rows[1])
        shifted = []
        for number, source in enumerate((top, bottom)):
            line = Signal(width, name=f"line{part}_{number}")
            m.d.comb += line.eq(source)
            places = Array(
                Cat(
                    line[x + kx - plan.padding] if 0 <= x + kx - plan.padding < width else Const(0, 1)
                    for x in range(width_out)
                )
                for kx in range(plan.kernel)
            )
            moved = Signal(width_out, name=f"moved{part}_{number}")
            m.d.comb += moved.eq(Mux(flags.site & (flags.second if number else 1), places[column], 0))
            shifted.append(moved)
        if plan.pool == 1:
            return Cat(*shifted)
        return Cat(Cat(row[2 * x : 2 * x + 2] for row in shifted) for x in range(plan.row_sites))
