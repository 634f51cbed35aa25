"""Weight rows of the head: summed where an input is on, and changed there."""

from __future__ import annotations

import itertools
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff.config import CLASSES
from bsff.golden.update import STEP_BITS
from bsff_hw.layer.learning.learn import STEP_WIDTH
from bsff_hw.layer.verdict.softmax import ERROR_WIDTH
from bsff_hw.parts.active import ActiveIndex
from bsff_hw.parts.arithmetic import saturate, total
from bsff_hw.parts.lfsr import Draws
from bsff_hw.parts.ram import ram
from bsff_hw.plan.plan import GAIN_BITS, HeadPlan


class HeadRows(wiring.Component):
    """The head's weight memory with everything that walks through it.

    Members
    -------
    forward : In(1)
        Sum the rows of the map's active inputs, each as often as its count says.
    update : In(1)
        ``W' = saturate(W + ((x k + dither) >> 12))`` for the rows of active inputs, one dither each.
    host : In(1)
        Read or, with `host_write`, write the weight at `host_row`, `host_column`.
    done : Out(1)
        For one cycle: what was asked is done.
    idle : Out(1)
        The memory is cleared and nothing is asked.
    word_enable, word_address, word :
        Read port of the map, one cycle of latency.
    sums : Out(ArrayLayout(signed, 10))
    listed : Out(1)
        A row is read forward.
    gains : In(ArrayLayout(signed, 10))
    saturated : Out(4)
        Weights clipped in this cycle.
    load, load_data, state :
        Of the generator of the rounding.

    Notes
    -----
    One row a cycle; a word of the map without an active input takes one cycle.
    """

    def __init__(self, plan: HeadPlan) -> None:
        self._plan = plan
        super().__init__(
            {
                "forward": In(1),
                "update": In(1),
                "host": In(1),
                "host_write": In(1),
                "host_row": In(range(plan.rows)),
                "host_column": In(range(CLASSES)),
                "host_data": In(32),
                "host_read": Out(signed(32)),
                "done": Out(1),
                "idle": Out(1),
                "word_enable": Out(1),
                "word_address": Out(range(max(2, plan.words))),
                "word": In(plan.beat * plan.levels),
                "sums": Out(data.ArrayLayout(signed(plan.sum_width), CLASSES)),
                "listed": Out(1),
                "gains": In(data.ArrayLayout(signed(ERROR_WIDTH + STEP_WIDTH - STEP_BITS), CLASSES)),
                "saturated": Out(range(CLASSES + 1)),
                "load": In(2),
                "load_data": In(32),
                "state": Out(64, init=1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        row = data.ArrayLayout(signed(plan.weight_bits), CLASSES)
        store = ram(unsigned(plan.weight_bits * CLASSES), plan.rows)
        m.submodules.weights = store
        read, write = store.read_port(), store.write_port()
        m.submodules.draws = draws = Draws(1)
        m.d.comb += [
            read.en.eq(1),
            draws.load.eq(self.load),
            draws.load_data.eq(self.load_data),
            self.state.eq(draws.state),
        ]
        learning, beat, index, count, finished = self._walk(m)

        # stage 1: address; 2: the memory; 3: a register behind it; 4: change; 5: write
        flags = data.StructLayout(
            {"valid": 1, "host": 1, "learn": 1, "row": range(plan.rows), "count": len(count), "dither": GAIN_BITS}
        )
        stages = [Signal(flags, name=f"stage{i}") for i in range(1, 6)]
        m.d.sync += [
            stages[0].valid.eq(beat | self.host), stages[0].host.eq(self.host), stages[0].learn.eq(learning),
            stages[0].row.eq(Mux(self.host, self.host_row, index)), stages[0].count.eq(count),
            stages[0].dither.eq(draws.draws[0][-GAIN_BITS:]),
            *(new.eq(old) for old, new in itertools.pairwise(stages)),
        ]  # fmt: skip
        m.d.comb += [
            read.addr.eq(stages[0].row),
            draws.take.eq(beat & learning),
            self.listed.eq(beat & ~learning),
        ]
        held, late = Signal(row), Signal(row)
        m.d.sync += [held.eq(read.data), late.eq(held)]
        three, four = stages[2], stages[3]
        new = data.View(row, write.data)
        clipped = []
        for c in range(CLASSES):
            change = Signal(signed(len(self.gains[c]) + len(count) + 2), name=f"change{c}")
            wanted = Signal(signed(max(len(change) - GAIN_BITS, plan.weight_bits) + 1), name=f"wanted{c}")
            kept = Signal(signed(plan.weight_bits), name=f"kept{c}")
            gain = Mux(three.count[0], self.gains[c], 0) if plan.levels == 1 else self.gains[c] * three.count
            m.d.sync += change.eq(gain + three.dither)
            m.d.comb += [wanted.eq(late[c] + (change >> GAIN_BITS)), kept.eq(saturate(wanted, plan.weight_bits))]
            clipped.append(kept != wanted)
            hit = self.host_write & (self.host_column == c)
            m.d.sync += new[c].eq(
                Mux(four.host, Mux(hit, self.host_data[: plan.weight_bits].as_signed(), late[c]), kept)
            )
            with m.If(three.valid & ~three.learn & ~three.host):
                m.d.sync += self.sums[c].eq(self.sums[c] + held[c])
            with m.If(self.forward):
                m.d.sync += self.sums[c].eq(0)
        with m.If(four.host & four.valid):
            m.d.sync += self.host_read.eq(late[self.host_column])

        # clearing after a reset
        clearing, word = Signal(init=1), Signal(range(plan.rows))
        m.d.sync += [write.addr.eq(four.row), write.en.eq(four.valid & (four.learn | (four.host & self.host_write)))]
        with m.If(clearing):
            m.d.sync += [write.addr.eq(word), write.en.eq(1), write.data.eq(0), word.eq(word + 1)]
            with m.If(word == plan.rows - 1):
                m.d.sync += clearing.eq(0)
        quiet = ~Cat(stage.valid for stage in stages).any()
        waiting = Signal()
        m.d.comb += [
            self.saturated.eq(Mux(four.valid & four.learn, sum(clipped), 0)),
            self.idle.eq(~clearing & ~waiting),
            self.done.eq(waiting & finished & quiet & ~self.host),
            draws.align.eq(self.done),
        ]
        with m.If(self.host | self.forward | self.update):
            m.d.sync += waiting.eq(1)
        with m.Elif(self.done):
            m.d.sync += waiting.eq(0)
        return m

    def _walk(self, m: Module) -> tuple[Any, ...]:
        """Word by word through the map: the active inputs, in rising order."""
        plan = self._plan
        listing = ActiveIndex(plan.beat, levels=plan.levels)  # forward: an input as often as it counts
        choosing = ActiveIndex(plan.beat, payload=plan.levels)  # update: each once, with its count
        m.submodules.listing, m.submodules.choosing = listing, choosing
        learning, busy, reading, there = Signal(), Signal(), Signal(), Signal()
        word, ended = Signal(range(plan.words + 1)), Signal()
        base, next_base = Signal(range(plan.rows + plan.beat)), Signal(range(plan.rows + plan.beat))
        load, single, some = Signal(), Signal(), Signal()
        counts = [self.word[i * plan.levels : (i + 1) * plan.levels] for i in range(plan.beat)]
        for encoder in (listing, choosing):
            m.d.comb += [encoder.load.eq(load), encoder.advance.eq(busy)]
        m.d.comb += [
            listing.word.eq(self.word),
            choosing.word.eq(Cat(c.any() for c in counts)),
            choosing.carried.eq(self.word),
            single.eq(Mux(learning, choosing.single, listing.single)),
            some.eq(Mux(learning, choosing.some, listing.some)),
            load.eq(there & (~busy | single)),
            # the port holds its word until the next one is asked for
            self.word_enable.eq(reading & (~there | load)),
            self.word_address.eq(word),
        ]
        with m.If(load):
            m.d.sync += [busy.eq(1), there.eq(0), base.eq(next_base), next_base.eq(next_base + plan.beat)]
        with m.Elif(busy & single):
            m.d.sync += busy.eq(0)
        with m.If(self.word_enable):
            m.d.sync += [there.eq(1), word.eq(word + 1)]
            with m.If(word == plan.words - 1):
                m.d.sync += reading.eq(0)
        with m.If(self.forward | self.update):
            m.d.sync += [reading.eq(1), word.eq(0), next_base.eq(0), learning.eq(self.update)]
        count = Signal(range(plan.levels + 1))
        m.d.comb += [
            ended.eq(~reading & ~there & ~busy),
            count.eq(total(list(choosing.payload))),
        ]
        index = Signal(range(plan.rows))
        m.d.comb += index.eq(base + Mux(learning, choosing.index, listing.index))
        return learning, busy & some, index, count, ended
