"""Binary-indexed accumulation: the weight rows that the active taps point at, added up.

Integer model: `bsff.golden.taps.accumulate`, without the bias.
"""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.parts.active import ActiveIndex
from bsff_hw.parts.arithmetic import all_of, restarted, total
from bsff_hw.plan.plan import LayerPlan

from .weights import WeightMemory


class Accumulate(wiring.Component):
    """Work off the folds of one window after another: each bank reads the row of one active tap a cycle.

    Members
    -------
    window_valid, window, window_next :
        From `window.Window`; the window is taken the cycle before `window_next`.
    sums : Out(ArrayLayout(signed, lanes))
        Of the next fold, channels rising.
    valid, ready :
        Handshake of `sums`; folds come in order.
    listed : Out
        Rows that are being read, each group's counted once.
    row_enable : In(1)
        Read one row instead; only between maps.
    row_bank : In(banks)
        Its bank, one-hot.
    row_address : In
    row : Out(ArrayLayout(ArrayLayout(signed(weight_bits), row_lanes), parts))
        That row of every part, until the next one is read; `ROW_LATENCY` cycles after `row_enable`.
    write, write_address, write_rows :
        See `weights.WeightMemory`.

    Notes
    -----
    A fold takes ``max(1, most active taps of a bank)`` cycles, the last one of a window at least two, and leaves the pipeline five cycles after its last row.
    """

    ROW_LATENCY = 4

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        self._memory = WeightMemory(plan)
        super().__init__(
            {
                "window_valid": In(1),
                "window": In(plan.kernel**2 * plan.channels_in * plan.levels),
                "window_next": Out(1),
                "sums": Out(data.ArrayLayout(signed(plan.sum_width), plan.lanes)),
                "valid": Out(1),
                "ready": In(1),
                "listed": Out(range(plan.parts * plan.banks + 1)),
                "row_enable": In(1),
                "row_bank": In(plan.banks),
                "row_address": In(self._memory.address_width),
                "row": Out(data.ArrayLayout(data.ArrayLayout(signed(plan.weight_bits), plan.row_lanes), plan.parts)),
                "write": In(data.ArrayLayout(plan.banks, plan.parts)),
                "write_address": In(self._memory.address_width),
                "write_rows": In(data.ArrayLayout(self._memory.row_width, plan.parts)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        m.submodules.memory = store = self._memory
        enable = Signal()  # of the whole pipeline: it waits while finished sums are not taken
        m.d.comb += [
            enable.eq(~self.valid | self.ready),
            store.enable.eq(enable),
            store.write.eq(self.write),
            store.write_address.eq(self.write_address),
            store.write_rows.eq(self.write_rows),
        ]
        busy, first, last, base, encoders = self._encode(m, enable)

        # stage 1: addresses
        valid1, first1, last1 = Signal(), Signal(), Signal()
        with m.If(enable):
            m.d.sync += [valid1.eq(busy | self.row_enable), first1.eq(first), last1.eq(busy & last)]
            for part in range(plan.parts):
                for bank in range(plan.banks):
                    encoder = encoders[part][bank]
                    tap = Mux(encoder.some & busy, base + encoder.index, plan.zero_row)
                    row = Mux(self.row_bank[bank], self.row_address, plan.zero_row)
                    m.d.sync += store.address[part][bank].eq(Mux(self.row_enable, row, tap))
        # stage 2: the memory; stage 3: a register behind it
        flags = [(valid1, first1, last1)]
        for i in (2, 3, 4):
            stage = (Signal(name=f"valid{i}"), Signal(name=f"first{i}"), Signal(name=f"last{i}"))
            with m.If(enable):
                m.d.sync += [new.eq(old) for new, old in zip(stage, flags[-1], strict=True)]
            flags.append(stage)
        held = Signal.like(store.rows, name="held")
        with m.If(enable & flags[1][0]):
            m.d.sync += held.eq(store.rows)
        # stage 4: the sum over banks; stage 5: over time
        valid3, (valid4, first4, last4) = flags[2][0], flags[3]
        for part in range(plan.parts):
            for lane in range(plan.row_lanes):
                weights = [
                    held[part][bank].word_select(lane, plan.weight_bits).as_signed() for bank in range(plan.banks)
                ]
                added = total(weights)
                across = Signal(signed(len(added)), name=f"across{part}_{lane}")
                channel = part * plan.row_lanes + lane
                with m.If(enable & valid3):
                    m.d.sync += across.eq(added)
                with m.If(enable & valid4):
                    m.d.sync += self.sums[channel].eq(restarted(across, first4, self.sums[channel]))
                m.d.comb += self.row[part][lane].eq(across)
        with m.If(enable):
            m.d.sync += self.valid.eq(valid4 & last4)
        return m

    def _encode(self, m: Module, enable: Signal) -> tuple[Signal, Signal, Signal, Signal, list[list[ActiveIndex]]]:
        """The active-index encoders, and the order of folds."""
        plan = self._plan
        busy, first, last, load = Signal(), Signal(), Signal(), Signal()
        turn, inner = Signal(range(max(2, plan.rounds))), Signal(range(max(2, plan.inner)))
        end_inner, end_turn = inner == plan.inner - 1, turn == plan.rounds - 1
        base, next_base = Signal(range(plan.depth)), Signal(range(plan.depth))
        counts = Signal()
        m.d.comb += [
            load.eq(self.window_valid & ~self.window_next & (~busy | (enable & last))),
        ]
        # a cycle late, so that what is left of a word does not decide on the window in the same one; the window is not
        # looked at meanwhile
        m.d.sync += self.window_next.eq(load & end_inner & end_turn)
        with m.If(load):
            m.d.sync += [
                busy.eq(1), first.eq(1), base.eq(next_base), counts.eq(inner == 0),
                next_base.eq(Mux(end_inner & end_turn, 0, next_base + plan.rows_of_bank)),
                inner.eq(Mux(end_inner, 0, inner + 1)),
            ]  # fmt: skip
            with m.If(end_inner):
                m.d.sync += turn.eq(Mux(end_turn, 0, turn + 1))
        with m.Elif(busy & enable):
            m.d.sync += [first.eq(0), busy.eq(~last)]

        encoders: list[list[ActiveIndex]] = []
        for part in range(plan.parts):
            encoders.append([])
            for bank in range(plan.banks):
                taps = range(bank, plan.taps, plan.banks)
                encoder = ActiveIndex(len(taps), levels=plan.levels)
                m.submodules[f"active{part}_{bank}"] = encoder
                encoders[-1].append(encoder)
                words = Array(Cat(self._input(r * plan.parts + part, tap) for tap in taps) for r in range(plan.rounds))
                m.d.comb += [
                    encoder.word.eq(words[turn] if plan.rounds > 1 else words[0]),
                    encoder.load.eq(load),
                    encoder.advance.eq(busy & enable),
                ]
        every = [e for row in encoders for e in row]
        m.d.comb += [
            last.eq(all_of([e.single for e in every])),
            self.listed.eq(Mux(busy & enable & counts, total([e.some for e in every]), 0)),
        ]
        return busy, first, last, base, encoders

    def _input(self, group: int, tap: int) -> Any:
        """The bits of a group's tap in the window."""
        plan = self._plan
        place, channel = divmod(tap, plan.group_in)
        at = (place * plan.channels_in + group * plan.group_in + channel) * plan.levels
        return self.window[at : at + plan.levels]
