"""Which sites an input tap reaches: rows of its channel, shifted to the kernel's place, chunk by chunk."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.layer.scan import Counters
from bsff_hw.plan.plan import LayerPlan

from .passes import pass_layout


class Sites(wiring.Component):
    """Gather the inputs that a tap has at every position.

    Members
    -------
    pass_valid, pass_payload, pass_ready :
        From `passes.Passes`; taken when the last rows of a pass are asked for.
    plane_enable, plane_row, plane_block, planes :
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
    Two map rows a cycle: a chunk takes ``chunk_rows`` cycles, gathered while the one before it is in use; the first one comes
    ``chunk_rows + 1`` cycles after its pass.
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
                "plane_enable": Out(1),
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
        # asking for rows: pair by pair of a chunk, chunk by chunk of a level
        enable, ask = Signal(), Signal()
        place = Counters(m, {"pair": plan.chunk_rows, "chunk": plan.chunks, "level": plan.levels}, advance=ask, clear=0)
        end_pair = place.ends["pair"]
        row = Signal(range(plan.chunks * plan.chunk_rows + 1))
        offset = Signal(range(max(2, plan.response_depth)))  # where the chunk begins among those of its fold
        end_row = end_pair & place.ends["chunk"]
        with m.If(ask):
            m.d.sync += row.eq(Mux(end_row, 0, row + 1))
            with m.If(end_pair):
                m.d.sync += offset.eq(Mux(end_row, 0, offset + plan.chunk_depth))
        m.d.comb += [ask.eq(self.pass_valid & enable), self.pass_ready.eq(enable & place.last)]

        # rows 2 row + ky - padding and the one below it: one of them is even
        shift = Array(Const((ky - plan.padding) >> 1, signed(5)) for ky in range(plan.kernel))[at.ky]
        odd = Array(Const((ky - plan.padding) & 1, 1) for ky in range(plan.kernel))[at.ky]
        lower = Signal(signed(len(row) + 6))
        upper = Signal.like(lower)
        m.d.comb += [
            lower.eq(row + shift),
            upper.eq(lower + odd),
            self.plane_enable.eq(enable),
            self.plane_row[1].eq(lower[: len(self.plane_row[1])]),
            self.plane_row[0].eq(upper[: len(self.plane_row[0])]),
            self.plane_block.eq(at.block),
        ]
        # what accompanies the rows through the memory
        there = [(upper >= 0) & (2 * upper < plan.height), (lower >= 0) & (2 * lower + 1 < plan.height)]
        plane = Signal(range(plan.beat * plan.levels))
        m.d.comb += plane.eq(at.unit * plan.levels + place["level"] if plan.levels > 1 else at.unit)
        arrived = Signal()
        flags = Signal(
            data.StructLayout(
                {
                    "even": 1, "odd": 1, "swap": 1, "site": 1, "second": 1, "column": len(at.kx), "plane": len(plane),
                    "complete": 1, "first": 1, "last": 1, "base": len(self.base),
                }
            )
        )  # fmt: skip
        with m.If(enable):
            m.d.sync += [
                arrived.eq(self.pass_valid),
                flags.even.eq(there[0]),
                flags.odd.eq(there[1]),
                flags.swap.eq(odd),
                flags.site.eq(row < plan.site_rows),
                flags.second.eq(2 * row + 1 < plan.shape.conv[0]),
                flags.column.eq(at.kx),
                flags.plane.eq(plane),
                flags.complete.eq(end_pair),
                flags.first.eq((place["chunk"] == 0) & (place["level"] == 0)),
                flags.last.eq(place.ends["chunk"] & place.ends["level"]),
                flags.base.eq(at.fold * (plan.chunks * plan.chunk_depth) + offset),
            ]

        # a chunk that is complete waits here, and the first rows of the next one in the memory
        collect = Signal()
        m.d.comb += [collect.eq(arrived & (~self.valid | self.next)), enable.eq(~arrived | collect)]
        for part in range(plan.parts):
            sites = self._pair(m, part, flags)
            with m.If(collect):
                m.d.sync += self.inputs[part].eq(Cat(self.inputs[part], sites)[len(sites) :])
        with m.If(self.next):
            m.d.sync += self.valid.eq(0)
        with m.If(collect & flags.complete):
            m.d.sync += [
                self.valid.eq(1), self.first.eq(flags.first), self.last.eq(flags.last), self.base.eq(flags.base),
            ]  # fmt: skip
        return m

    def _pair(self, m: Module, part: int, flags: Any) -> Any:
        """The sites of two rows of the map of one part."""
        plan = self._plan
        width, width_out = plan.width, plan.shape.conv[1]
        rows = []
        for parity, there in enumerate((flags.even, flags.odd)):
            word = self.planes[part][parity].word_select(flags.plane, width)
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
            m.d.comb += moved.eq(Mux(flags.site & (flags.second if number else 1), places[flags.column], 0))
            shifted.append(moved)
        if plan.pool == 1:
            return Cat(*shifted)
        return Cat(Cat(row[2 * x : 2 * x + 2] for row in shifted) for x in range(plan.row_sites))
