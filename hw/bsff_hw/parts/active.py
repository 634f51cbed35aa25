"""The active-index encoder: which bits of a word are on, one a cycle, lowest first."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from .arithmetic import any_of, several

NEAR = 16
"""Bits of a group: the lowest bit is sought among groups, then within one, which halves the depth of the logic."""


def active(word: int, *, width: int, levels: int = 1) -> list[int]:
    """Integer model of `ActiveIndex`: the indices that it emits for a word, in order."""
    return [i // levels for i in range(width * levels) if word >> i & 1]


class ActiveIndex(wiring.Component):
    """Emit the index of every 1 of a word.

    Parameters
    ----------
    width : int
        Inputs of the word.
    levels : int
        Bits of an input, in unary; its index is emitted once for each that is 1.
    payload : int
        Bits that accompany an input and are shown with its index; 0 for none.

    Members
    -------
    load : In(1)
        Take `word` (and `carried`); it may come in the cycle of the last index of the word before.
    word : In(width * levels)
    carried : In(width * payload)
    advance : In(1)
        The index was taken.
    some : Out(1)
        There is an index.
    index : Out(range(width))
        0 where there is none.
    payload : Out(payload)
        0 where there is none.
    single : Out(1)
        No other index follows this one.

    Notes
    -----
    One index a cycle, zeros cost nothing; the first one cycle after `load`.
    """

    def __init__(self, width: int, *, levels: int = 1, payload: int = 0) -> None:
        if payload and levels != 1:
            raise ValueError(f"levels = {levels}: expected 1 with a payload")
        self._width, self._levels, self._payload = width, levels, payload
        super().__init__(
            {
                "load": In(1),
                "word": In(width * levels),
                "carried": In(max(1, width * payload)),
                "advance": In(1),
                "some": Out(1),
                "index": Out(max(1, ceil_log2(width))),
                "payload": Out(max(1, payload)),
                "single": Out(1),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        total = self._width * self._levels
        near = max(1, NEAR // self._levels) * self._levels  # an input never straddles groups
        pending = Signal(total)
        carried = Signal(max(1, self._width * self._payload))
        groups = [pending[at : min(at + near, total)] for at in range(0, total, near)]
        count = len(groups)
        has = Signal(count)
        chosen = Signal(count)
        bits = Signal(near)
        lowest = Signal(near)
        per_group = near // self._levels
        far = _encode(chosen, [i * per_group for i in range(count)])
        offset = _encode(lowest, [j // self._levels for j in range(near)])
        m.d.comb += [
            has.eq(Cat(g.any() for g in groups)),
            chosen.eq(has & (~has + 1)),
            bits.eq(any_of([Mux(chosen[i], g, 0) for i, g in enumerate(groups)])),
            lowest.eq(bits & (~bits + 1)),
            self.some.eq(has.any()),
            self.single.eq(~several(list(has)) & ~several(list(bits))),
            self.index.eq(far + offset if per_group & (per_group - 1) else far | offset),
        ]
        after = Signal(total)
        m.d.comb += after.eq(Cat(g & ~Mux(chosen[i], lowest, 0)[: len(g)] for i, g in enumerate(groups)))
        with m.If(self.load):
            m.d.sync += [pending.eq(self.word), carried.eq(self.carried)]
        with m.Elif(self.advance):
            m.d.sync += pending.eq(after)
        if self._payload:
            shown = [
                Mux(chosen[i // near] & lowest[i % near], carried.word_select(i, self._payload), 0)
                for i in range(self._width)
            ]
            m.d.comb += self.payload.eq(any_of(shown))
        return m


def _encode(onehot: Value, values: list[int]) -> Value:
    """The value of the bit that is set; 0 if none is."""
    pairs = zip(onehot, values, strict=True)
    return any_of([Mux(bit, Const(value, max(1, value.bit_length())), 0) for bit, value in pairs])
