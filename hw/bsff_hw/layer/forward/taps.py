"""Which weight rows a window asks for: the active taps of each fold, one a cycle and bank."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import Planned, index
from bsff_hw.parts.active import ActiveIndex
from bsff_hw.parts.arithmetic import all_of, total
from bsff_hw.plan import LayerPlan


class TapList(Planned):
    """List the weight rows of one window after another, fold by fold.

    Members
    -------
    windows : In(stream)
        From `window.Window`. Ready is a register: what is left of a word does not decide on the next window in the same
        cycle. A window is looked at before its first fold, and each turn of groups before its own.
    advance : In(1)
        The rows were taken.
    valid : Out(1)
        `rows` are those of a fold.
    rows : Out(ArrayLayout(ArrayLayout(.., banks), parts))
        Addresses; that of the zero row where a bank has nothing to add.
    first, last : Out(1)
        `rows` are the first, or the last, of their fold.
    listed : Out
        Rows that are taken in this cycle, each group's counted once.

    Notes
    -----
    A fold takes ``max(1, most active taps of a bank)`` cycles, the last one of a window at least three.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "windows": In(stream.Signature(plan.window_bits)),
            "advance": In(1),
            "valid": Out(1),
            "rows": Out(data.ArrayLayout(data.ArrayLayout(index(plan.depth), plan.banks), plan.parts)),
            "first": Out(1),
            "last": Out(1),
            "listed": Out(range(plan.parts * plan.banks + 1)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        look, looked, all_looked, load, counts = Signal(), Signal(), Signal(), Signal(), Signal()
        listing, starting, ending = Signal(), Signal(), Signal()
        turn, inner = Signal(index(plan.rounds)), Signal(index(plan.inner))
        turn_ahead = Signal.like(turn)
        end_inner, end_turn = inner == plan.inner - 1, turn == plan.rounds - 1
        base, next_base = Signal(range(plan.depth)), Signal(range(plan.depth))
        m.d.comb += [
            load.eq(looked & (~listing | (self.advance & ending))),
            look.eq(self.windows.valid & ~all_looked & (~looked | (load & end_inner))),
        ]
        m.d.sync += self.windows.ready.eq(load & end_inner & end_turn)
        with m.If(look):
            last_turn = turn_ahead == plan.rounds - 1
            m.d.sync += [looked.eq(1), all_looked.eq(last_turn), turn_ahead.eq(Mux(last_turn, 0, turn_ahead + 1))]
        with m.Elif(load & end_inner):
            m.d.sync += looked.eq(0)
        with m.If(self.windows.ready):
            m.d.sync += all_looked.eq(0)
        with m.If(load):
            m.d.sync += [
                listing.eq(1),
                starting.eq(1),
                base.eq(next_base),
                counts.eq(inner == 0),
                next_base.eq(Mux(end_inner & end_turn, 0, next_base + plan.rows_of_bank)),
                inner.eq(Mux(end_inner, 0, inner + 1)),
            ]
            with m.If(end_inner):
                m.d.sync += turn.eq(Mux(end_turn, 0, turn + 1))
        with m.Elif(listing & self.advance):
            m.d.sync += [starting.eq(0), listing.eq(~ending)]

        encoders = []
        for part in range(plan.parts):
            for bank in range(plan.banks):
                encoder = self._encoder(m, part, bank, turn, turn_ahead)
                encoders.append(encoder)
                m.d.comb += [encoder.look.eq(look), encoder.load.eq(load), encoder.advance.eq(listing & self.advance)]
        # a register between what is listed and its address, and one behind it
        shown = Signal.like(base)
        valid, first, last = Signal(), Signal(), Signal()
        counted = Signal.like(self.listed)
        m.d.comb += [ending.eq(all_of([e.single for e in encoders])), self.listed.eq(Mux(self.advance, counted, 0))]
        with m.If(self.advance):
            m.d.sync += [
                valid.eq(listing),
                first.eq(starting),
                last.eq(ending),
                self.valid.eq(valid),
                self.first.eq(first),
                self.last.eq(last),
                shown.eq(base),
                counted.eq(Mux(listing & counts, total([e.some for e in encoders]), 0)),
            ]
        for number, encoder in enumerate(encoders):
            part, bank = divmod(number, plan.banks)
            some, place = Signal(name=f"some{number}"), Signal.like(encoder.index, name=f"index{number}")
            with m.If(self.advance):
                m.d.sync += [some.eq(encoder.some & listing), place.eq(encoder.index)]
                m.d.sync += self.rows[part][bank].eq(Mux(some, shown + place, plan.zero_row))
        return m

    def _encoder(self, m: Module, part: int, bank: int, turn: Signal, turn_ahead: Signal) -> ActiveIndex:
        """The encoder of a bank's taps of a part, which looks at the groups in turn, at one ahead of the other."""
        plan = self._plan
        rows = {row: tap for tap in range(plan.taps) for own, row in [plan.slot(tap)] if own == bank}
        count = max(rows, default=0) + 1
        encoder = ActiveIndex(count, levels=plan.levels, ahead=True)
        m.submodules[f"active{part}_{bank}"] = encoder

        def word(group: int) -> Value:
            """The inputs of the bank's taps; nothing where a slot holds no tap."""
            return Cat(self._input(group, rows[row]) if row in rows else Const(0, plan.levels) for row in range(count))

        words = Array(word(r * plan.parts + part) for r in range(plan.rounds))
        m.d.comb += [
            encoder.word.eq(words[turn] if plan.rounds > 1 else words[0]),
            encoder.next_word.eq(words[turn_ahead] if plan.rounds > 1 else words[0]),
        ]
        return encoder

    def _input(self, group: int, tap: int) -> Value:
        """The bits of a group's tap in the window."""
        plan = self._plan
        place, channel = divmod(tap, plan.group_in)
        at = (place * plan.channels_in + group * plan.group_in + channel) * plan.levels
        return self.windows.payload[at : at + plan.levels]
