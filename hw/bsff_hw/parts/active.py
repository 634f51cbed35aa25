"""The active-index encoder: which bits of a word are on, one a cycle, lowest first."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from .arithmetic import any_of, several

NEAR = 16
"""Bits of a group: the groups of a word that hold a 1 are listed one after another, each from registers of its own."""


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
    ahead : bool
        Whether a word is looked at in a cycle before it is loaded, which halves the logic behind it.

    Members
    -------
    look : In(1)
        With `ahead`: note which groups of `next_word` hold a 1. It is the `word` of the next loads, which come in later cycles.
    next_word : In(width * levels)
        With `ahead`.
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
    One index a cycle, zeros cost nothing; the first one cycle after `load`. The group that is being listed stands in registers,
    and the next one is sought meanwhile, so that an index takes the logic of a group and not that of a word.
    """

    def __init__(self, width: int, *, levels: int = 1, payload: int = 0, ahead: bool = False) -> None:
        if payload and levels != 1:
            raise ValueError(f"levels = {levels}: expected 1 with a payload")
        self._width, self._levels, self._payload, self._ahead = width, levels, payload, ahead
        super().__init__(
            {
                **({"look": In(1), "next_word": In(width * levels)} if ahead else {}),
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
        per_group = near // self._levels
        store, carried = Signal(total), Signal(max(1, self._width * self._payload))
        words, stored = _groups(self.word, near), _groups(store, near)
        count = len(stored)
        starts = [i * per_group for i in range(count)]

        # the group that is being listed, the one that follows it, and which others of the word hold a 1
        bits, group, far = Signal(near), Signal(count), Signal(range(max(starts, default=0) + 1))
        following, left = Signal(count), Signal(count)
        first, rest = Signal(count), Signal(count)
        lowest, others = Signal(near), Signal()
        if self._ahead:
            fresh = Cat(g.any() for g in _groups(self.next_word, near))
            with m.If(self.look):
                m.d.sync += [first.eq(_lowest(fresh)), rest.eq(fresh & ~_lowest(fresh))]
        else:
            fresh = Cat(g.any() for g in words)
            m.d.comb += [first.eq(_lowest(fresh)), rest.eq(fresh & ~_lowest(fresh))]
        m.d.comb += [lowest.eq(_lowest(bits)), others.eq(several(list(bits)))]
        with m.If(self.load):
            m.d.sync += [
                store.eq(self.word),
                carried.eq(self.carried),
                bits.eq(_chosen(first, words)),
                group.eq(first),
                far.eq(_encode(first, starts)),
                following.eq(_lowest(rest)),
                left.eq(rest & ~_lowest(rest)),
                self.some.eq(first.any()),
            ]
        with m.Elif(self.advance & others):
            m.d.sync += bits.eq(bits & ~lowest)
        with m.Elif(self.advance):
            m.d.sync += [
                bits.eq(_chosen(following, stored)),
                group.eq(following),
                far.eq(_encode(following, starts)),
                following.eq(_lowest(left)),
                left.eq(left & ~_lowest(left)),
                self.some.eq(following.any()),
            ]
        offset = _encode(lowest, [j // self._levels for j in range(near)])
        m.d.comb += [
            self.single.eq(~others & ~following.any()),
            self.index.eq(far + offset if per_group & (per_group - 1) else far | offset),
        ]
        if self._payload:
            shown = [
                Mux(group[i // near] & lowest[i % near], carried.word_select(i, self._payload), 0)
                for i in range(self._width)
            ]
            m.d.comb += self.payload.eq(any_of(shown))
        return m


def _lowest(bits: Value) -> Value:
    """The lowest bit that is set alone, by a carry, which is smaller than gates and as fast."""
    return bits & (~bits + 1)


def _groups(word: Value, near: int) -> list[Value]:
    """The word cut into groups of `near` bits; the last one may be shorter."""
    return [word[at : at + near] for at in range(0, len(word), near)]


def _chosen(onehot: Value, groups: list[Value]) -> Value:
    """The group whose bit is set; 0 if none is."""
    return any_of([Mux(bit, group, 0) for bit, group in zip(onehot, groups, strict=True)])


def _encode(onehot: Value, values: list[int]) -> Value:
    """The value of the bit that is set; 0 if none is."""
    pairs = zip(onehot, values, strict=True)
    return any_of([Mux(bit, Const(value, max(1, value.bit_length())), 0) for bit, value in pairs])
