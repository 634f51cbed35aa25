"""Word by word through the maps that the head reads: the active inputs, in rising order."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import Planned
from bsff_hw.parts.active import ActiveIndex
from bsff_hw.parts.arithmetic import total
from bsff_hw.plan import HeadPlan

from .maps import word_read_signature


class Walk(Planned):
    """List the active inputs of the sample at work.

    Members
    -------
    forward : In(1)
        List an input as often as its count says.
    update : In(1)
        List each active input once, with its count.
    words : Out(word_read_signature(plan))
    learning : Out(1)
        The walk is that of an update.
    valid : Out(1)
        `input` is listed in this cycle.
    input : Out
    count : Out
        The count of `input`, in an update.
    finished : Out(1)
        Nothing is left to list.

    Notes
    -----
    One input a cycle; a word of the map without an active input takes one cycle.
    """

    def ports(self, plan: HeadPlan) -> dict:
        return {
            "forward": In(1),
            "update": In(1),
            "words": Out(word_read_signature(plan)),
            "learning": Out(1),
            "valid": Out(1),
            "input": Out(range(plan.rows)),
            "count": Out(range(plan.levels + 1)),
            "finished": Out(1),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan, learning = self._plan, self.learning
        m.submodules.listing = listing = ActiveIndex(plan.beat, levels=plan.levels)
        m.submodules.choosing = choosing = ActiveIndex(plan.beat, payload=plan.levels)
        busy, reading, there, load, single, some = (
            Signal(name=n) for n in ("busy", "reading", "there", "load", "single", "some")
        )
        words, widths = [s.words for s in plan.sources], [s.beat for s in plan.sources]
        word, source, width = (
            Signal.like(self.words.address),
            Signal.like(self.words.source),
            Signal(range(plan.beat + 1)),
        )
        last_word, last_source = Signal(), Signal()
        base, next_base = Signal(range(plan.rows + plan.beat)), Signal(range(plan.rows + plan.beat))
        counts = [self.words.word[i * plan.levels : (i + 1) * plan.levels] for i in range(plan.beat)]
        for encoder in (listing, choosing):
            m.d.comb += [encoder.load.eq(load), encoder.advance.eq(busy)]
        m.d.comb += [
            listing.word.eq(self.words.word),
            choosing.word.eq(Cat(c.any() for c in counts)),
            choosing.carried.eq(self.words.word),
            single.eq(Mux(learning, choosing.single, listing.single)),
            some.eq(Mux(learning, choosing.some, listing.some)),
            load.eq(there & (~busy | single)),
            # the port holds its word until the next one is asked for
            self.words.enable.eq(reading & (~there | load)),
            self.words.address.eq(word),
            self.words.source.eq(source),
            last_word.eq(word == _of(source, [n - 1 for n in words])),
            last_source.eq(source == len(words) - 1),
            self.valid.eq(busy & some),
            self.input.eq(base + Mux(learning, choosing.index, listing.index)),
            self.count.eq(total(list(choosing.payload))),
            self.finished.eq(~reading & ~there & ~busy),
        ]
        with m.If(load):
            m.d.sync += [busy.eq(1), there.eq(0), base.eq(next_base), next_base.eq(next_base + width)]
        with m.Elif(busy & single):
            m.d.sync += busy.eq(0)
        with m.If(self.words.enable):
            m.d.sync += [there.eq(1), word.eq(word + 1), width.eq(_of(source, widths))]
            with m.If(last_word):
                m.d.sync += [word.eq(0), source.eq(source + 1), reading.eq(~last_source)]
        with m.If(self.forward | self.update):
            m.d.sync += [reading.eq(1), word.eq(0), source.eq(0), next_base.eq(0), learning.eq(self.update)]
        return m


def _of(source: Signal, values: list[int]) -> Any:
    """The value of a source."""
    chosen: Any = values[-1]
    for i, value in enumerate(values[:-1]):
        chosen = Mux(source == i, value, chosen)
    return chosen
