"""The maps of a sample that the head reads, one after another."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.contract.formats import LABEL_WIDTH
from bsff_hw.interfaces import Planned, beats, index
from bsff_hw.plan import HeadPlan
from bsff_hw.plan.head import SourcePlan

from .source import SourceMap


def word_read_signature(plan: HeadPlan) -> wiring.Signature:
    """Read word ``address`` of the map at work of a source: ``word`` holds `plan.beat` unary counts of `plan.levels` bits, a
    cycle after both; it stays without ``enable``. Channels and bits that a source has not are 0.
    """
    return wiring.Signature(
        {
            "enable": Out(1),
            "source": Out(index(len(plan.sources))),
            "address": Out(index(max(source.words for source in plan.sources))),
            "word": In(plan.beat * plan.levels),
        }
    )


def input_ports(plan: HeadPlan) -> dict[str, Any]:
    """The streams of maps: ``input0`` for the first source, and so on."""
    return {f"input{i}": In(beats(source.beat * source.tile)) for i, source in enumerate(plan.sources)}


class HeadMaps(Planned):
    """Hold the maps of all sources until a sample has come whole.

    Members
    -------
    input0, ... : In(stream)
        See `input_ports`.
    full, release, label :
        As those of `source.SourceMap`, of the sample at work.
    words : In(word_read_signature(plan))
    """

    def ports(self, plan: HeadPlan) -> dict:
        return {
            **input_ports(plan),
            "full": Out(1),
            "release": In(1),
            "label": Out(LABEL_WIDTH),
            "words": In(word_read_signature(plan)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        sources = [SourceMap(source) for source in plan.sources]
        chosen = Signal.like(self.words.source)
        with m.If(self.words.enable):
            m.d.sync += chosen.eq(self.words.source)
        word: Any = Const(0, len(self.words.word))
        for i, source in enumerate(sources):
            m.submodules[f"source{i}"] = source
            connect(m, flipped(getattr(self, f"input{i}")), source.input)
            m.d.comb += [
                source.release.eq(self.release),
                source.words.enable.eq(self.words.enable & (self.words.source == i)),
                source.words.address.eq(self.words.address),
            ]
            shown = self._widened(plan.sources[i], source.words.word)
            word = shown if i == 0 else Mux(chosen == i, shown, word)
        m.d.comb += [
            self.full.eq(Cat(source.full for source in sources).all()),
            self.label.eq(sources[-1].label),
            self.words.word.eq(word),
        ]
        return m

    def _widened(self, source: SourcePlan, word: Any) -> Any:
        """A source's word with as many bits an input as the widest has."""
        levels = self._plan.levels
        if source.levels == levels:
            return word
        return Cat(
            Cat(word.word_select(i, source.levels), Const(0, levels - source.levels)) for i in range(source.beat)
        )
