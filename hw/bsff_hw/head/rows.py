"""Weight rows of the head: summed where an input is on, and changed there."""

import itertools
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.contract.formats import GAIN_BITS, GAIN_WIDTH
from bsff_hw.interfaces import Planned, generator_signature, index
from bsff_hw.parts.arithmetic import saturate
from bsff_hw.parts.lfsr import Draws
from bsff_hw.parts.ram import ram
from bsff_hw.plan import HeadPlan

from .maps import word_read_signature
from .walk import Walk


def weight_signature(plan: HeadPlan) -> wiring.Signature:
    """Read or, with ``write``, write the weight at ``row``, ``column``; ``start`` for one cycle, all else until it is done."""
    return wiring.Signature(
        {
            "start": Out(1),
            "write": Out(1),
            "row": Out(range(plan.rows)),
            "column": Out(index(plan.classes)),
            "data": Out(32),
            "read": In(signed(32)),
        }
    )


class HeadRows(Planned):
    """The head's weight memory with everything that walks through it.

    Members
    -------
    forward : In(1)
        Sum the rows of the map's active inputs, each as often as its count says.
    update : In(1)
        ``W' = saturate(W + ((x k + dither) >> GAIN_BITS))`` for the rows of active inputs, one dither each.
    weight : In(weight_signature(plan))
        Reads and writes of single weights by the host.
    done : Out(1)
        For one cycle: what was asked is done.
    idle : Out(1)
        The memory is cleared and nothing is asked.
    words : Out(word_read_signature(plan))
    sums : Out(ArrayLayout(signed, plan.classes))
    listed : Out(1)
        A row is read forward.
    gains : In(ArrayLayout(signed, plan.classes))
    saturated : Out
        Weights clipped in this cycle.
    generator : In(generator_signature())
        The generator of the rounding.

    Notes
    -----
    One row a cycle, see `walk.Walk`.
    """

    def ports(self, plan: HeadPlan) -> dict:
        return {
            "forward": In(1),
            "update": In(1),
            "weight": In(weight_signature(plan)),
            "done": Out(1),
            "idle": Out(1),
            "words": Out(word_read_signature(plan)),
            "sums": Out(data.ArrayLayout(signed(plan.sum_width), plan.classes)),
            "listed": Out(1),
            "gains": In(data.ArrayLayout(signed(GAIN_WIDTH), plan.classes)),
            "saturated": Out(range(plan.classes + 1)),
            "generator": In(generator_signature()),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        row = data.ArrayLayout(signed(plan.weight_bits), plan.classes)
        m.submodules.weights = store = ram(unsigned(row.size), plan.rows)
        read, write = store.read_port(), store.write_port()
        m.submodules.draws = draws = Draws(1)
        m.submodules.walk = walk = Walk(plan)
        connect(m, flipped(self.generator), draws.generator)
        connect(m, walk.words, flipped(self.words))

        # stage 1: address; 2: the memory; 3: a register behind it; 4: change; 5: write
        layout = data.StructLayout(
            {"valid": 1, "host": 1, "learn": 1, "row": range(plan.rows), "count": len(walk.count), "dither": GAIN_BITS}
        )
        stages = [Signal(layout, name=f"stage{i}") for i in range(1, 6)]
        m.d.sync += [
            stages[0].valid.eq(walk.valid | self.weight.start),
            stages[0].host.eq(self.weight.start),
            stages[0].learn.eq(walk.learning),
            stages[0].row.eq(Mux(self.weight.start, self.weight.row, walk.input)),
            stages[0].count.eq(walk.count),
            stages[0].dither.eq(draws.draws[0][-GAIN_BITS:]),
            *(new.eq(old) for old, new in itertools.pairwise(stages)),
        ]
        m.d.comb += [
            walk.forward.eq(self.forward),
            walk.update.eq(self.update),
            read.en.eq(1),
            read.addr.eq(stages[0].row),
            draws.take.eq(walk.valid & walk.learning),
            draws.align.eq(self.done),
            self.listed.eq(walk.valid & ~walk.learning),
        ]
        held, late = Signal(row), Signal(row)
        m.d.sync += [held.eq(read.data), late.eq(held)]
        new = data.View(row, write.data)
        clipped = [self._column(m, c, stages[2], stages[3], held, late, new[c]) for c in range(plan.classes)]
        out = stages[3]
        with m.If(out.host & out.valid):
            m.d.sync += self.weight.read.eq(late[self.weight.column])
        m.d.sync += [write.addr.eq(out.row), write.en.eq(out.valid & (out.learn | (out.host & self.weight.write)))]
        cleared = self._clear(m, write)
        waiting = Signal()
        quiet = ~Cat(stage.valid for stage in stages).any()
        m.d.comb += [
            self.saturated.eq(Mux(out.valid & out.learn, sum(clipped), 0)),
            self.idle.eq(cleared & ~waiting),
            self.done.eq(waiting & walk.finished & quiet & ~self.weight.start),
        ]
        with m.If(self.weight.start | self.forward | self.update):
            m.d.sync += waiting.eq(1)
        with m.Elif(self.done):
            m.d.sync += waiting.eq(0)
        return m

    def _column(self, m: Module, c: int, three: Any, four: Any, held: Any, late: Any, new: Any) -> Any:
        """The weight of a class in a row: summed in stage 3, changed in stage 4; returns whether it was clipped."""
        plan, gain = self._plan, self.gains[c]
        change = Signal(signed(GAIN_WIDTH + len(three.count) + 2), name=f"change{c}")
        wanted = Signal(signed(max(len(change) - GAIN_BITS, plan.weight_bits) + 1), name=f"wanted{c}")
        kept = Signal(signed(plan.weight_bits), name=f"kept{c}")
        drive = Mux(three.count[0], gain, 0) if plan.levels == 1 else gain * three.count
        edited = Mux(
            self.weight.write & (self.weight.column == c), self.weight.data[: plan.weight_bits].as_signed(), late[c]
        )
        m.d.comb += [wanted.eq(late[c] + (change >> GAIN_BITS)), kept.eq(saturate(wanted, plan.weight_bits))]
        m.d.sync += [change.eq(drive + three.dither), new.eq(Mux(four.host, edited, kept))]
        with m.If(three.valid & ~three.learn & ~three.host):
            m.d.sync += self.sums[c].eq(self.sums[c] + held[c])
        with m.If(self.forward):
            m.d.sync += self.sums[c].eq(0)
        return kept != wanted

    def _clear(self, m: Module, write: Any) -> Any:
        """After a reset the memory is cleared, a row a cycle; returns whether it is."""
        clearing, word = Signal(init=1), Signal(range(self._plan.rows))
        with m.If(clearing):
            m.d.sync += [write.addr.eq(word), write.en.eq(1), write.data.eq(0), word.eq(word + 1)]
            with m.If(word == self._plan.rows - 1):
                m.d.sync += clearing.eq(0)
        return ~clearing
