"""Which sites an input tap reaches: rows of its channel, shifted to the kernel's place, chunk by chunk."""

from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import exact_log2

from bsff_hw.interfaces import Planned, index
from bsff_hw.layer.forward.planes import plane_read_signature
from bsff_hw.parts.odometer import Odometer
from bsff_hw.parts.queue import Queue
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
    """What accompanies rows through the memories.

    ``there`` says of each memory whether its row lies in the map, ``turn`` which memory holds the first row, ``wanted`` of
    each row, from the first on, whether it belongs to a site.
    """
    return data.StructLayout(
        {
            "there": plan.gathered,
            "turn": index(plan.gathered),
            "wanted": plan.gathered,
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
    `plan.gathered` map rows a cycle: a chunk takes ``gather_cycles``, gathered while the one before it is in use; the first
    one comes ``gather_cycles + 2`` cycles after its pass.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "passes": In(stream.Signature(pass_layout(plan))),
            "planes": Out(plane_read_signature(plan)),
            "chunks": Out(stream.Signature(chunk_layout(plan))),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        m.submodules.queue = queue = Queue(chunk_layout(plan))
        connect(m, queue.output, flipped(self.chunks))
        made = queue.input
        chunk = made.payload
        flags, arrived, enable, collect = Signal(_flags_layout(plan)), Signal(), Signal(), Signal()
        self._ask(m, flags, arrived, enable)

        # a chunk that is complete waits here, and the first rows of the next one in the memory
        m.d.comb += [collect.eq(arrived & (~made.valid | made.ready)), enable.eq(~arrived | collect)]
        for part in range(plan.parts):
            sites = self._gathered(m, part, flags)
            collected = Signal(plan.gather_cycles * len(sites), name=f"collected{part}")
            with m.If(collect):
                m.d.sync += collected.eq(Cat(collected, sites)[len(sites) :])
            # with an odd number of pairs the last one gathered belongs to the chunk that follows
            m.d.comb += chunk.inputs[part].eq(collected)
        with m.If(made.ready):
            m.d.sync += made.valid.eq(0)
        with m.If(collect & flags.complete):
            m.d.sync += [
                made.valid.eq(1),
                chunk.first.eq(flags.first),
                chunk.last.eq(flags.last),
                chunk.base.eq(flags.base),
            ]
        return m

    def _ask(self, m: Module, flags: Any, arrived: Signal, enable: Signal) -> None:
        """Ask for rows: a few of a chunk at a time, chunk by chunk of a level."""
        plan, at, planes = self._plan, self.passes.payload, self.planes
        ask, pairs = Signal(), plan.gathered // 2
        limits = {"step": plan.gather_cycles, "chunk": plan.chunks, "level": plan.levels}
        place = Odometer(m, limits, advance=ask, clear=0)
        end_step = place.ends["step"]
        pair = Signal(range(plan.chunks * plan.chunk_rows + pairs))
        offset = Signal(index(plan.response_depth))  # where the chunk begins among those of its fold
        end_map = end_step & place.ends["chunk"]
        with m.If(ask):
            rest = plan.chunk_rows - (plan.gather_cycles - 1) * pairs
            m.d.sync += pair.eq(Mux(end_map, 0, pair + Mux(end_step, rest, pairs)))
            with m.If(end_step):
                m.d.sync += offset.eq(Mux(end_map, 0, offset + plan.chunk_depth))
        m.d.comb += [ask.eq(self.passes.valid & enable), self.passes.ready.eq(enable & place.last)]

        # the rows from `top` on, which begin in any of the memories
        top = Signal(signed(len(pair) + 6))
        m.d.comb += [
            top.eq(2 * pair + at.ky - plan.padding[0]),
            planes.enable.eq(enable),
            planes.address.beat.eq(at.beat),
        ]
        there = []
        for own in range(plan.gathered):
            row = Signal(signed(len(top)), name=f"row{own}")
            m.d.comb += [
                row.eq((top + (plan.gathered - 1 - own)) >> exact_log2(plan.gathered)),
                planes.address.rows[own].eq(row[: len(planes.address.rows[own])]),
            ]
            there.append((row >= 0) & (plan.gathered * row + own < plan.height))
        high = plan.shape.conv[0]
        with m.If(enable):
            m.d.sync += [
                arrived.eq(self.passes.valid),
                flags.there.eq(Cat(*there)),
                flags.turn.eq(top[: len(flags.turn)]),
                flags.wanted.eq(
                    Cat((pair + i // 2 < plan.site_rows) & (2 * pair + i < high) for i in range(plan.gathered))
                ),
                flags.column.eq(at.kx),
                flags.plane.eq(at.unit * plan.levels + place["level"] if plan.levels > 1 else at.unit),
                flags.complete.eq(end_step),
                flags.first.eq((place["chunk"] == 0) & (place["level"] == 0)),
                flags.last.eq(place.ends["chunk"] & place.ends["level"]),
                flags.base.eq(at.fold * (plan.chunks * plan.chunk_depth) + offset),
            ]

    def _gathered(self, m: Module, part: int, flags: Any) -> Any:
        """The sites of the rows of one part that arrive."""
        plan = self._plan
        width, width_out, left = plan.width, plan.shape.conv[1], plan.padding[1]
        rows = []
        for own in range(plan.gathered):
            word = self.planes.word[part][own].word_select(flags.plane, width)
            rows.append(Mux(flags.there[own], word, 0))
        shifted = []
        for number in range(plan.gathered):
            line = Signal(width, name=f"line{part}_{number}")
            m.d.comb += line.eq(
                Array(rows[(number + turn) % plan.gathered] for turn in range(plan.gathered))[flags.turn]
            )
            places = Array(
                Cat(line[x + kx - left] if 0 <= x + kx - left < width else Const(0, 1) for x in range(width_out))
                for kx in range(plan.kernel[1])
            )
            moved = Signal(width_out, name=f"moved{part}_{number}")
            m.d.comb += moved.eq(Mux(flags.wanted[number], places[flags.column], 0))
            shifted.append(moved)
        if not plan.pooled:
            return Cat(*shifted)
        windows = [shifted[i : i + plan.pool[0]] for i in range(0, plan.gathered, 2)]
        return Cat(Cat(row[2 * x : 2 * x + 2] for row in window) for window in windows for x in range(plan.row_sites))
