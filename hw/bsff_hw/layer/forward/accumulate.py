"""Binary-indexed accumulation: the weight rows that the active taps point at, added up.

Integer model: `bsff.golden.taps.accumulate`, without the bias.
"""

import itertools

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff_hw.interfaces import Planned
from bsff_hw.parts.arithmetic import total
from bsff_hw.parts.running_sums import RunningSums
from bsff_hw.plan import LayerPlan

from .taps import TapList
from .weights import WeightMemory, row_read_signature, row_write_signature


def sums_layout(plan: LayerPlan) -> data.ArrayLayout:
    """The sums of a fold, channels rising."""
    return data.ArrayLayout(signed(plan.sum_width), plan.lanes)


class Accumulate(Planned):
    """Work off the folds of one window after another: each bank reads the row of one active tap a cycle.

    Members
    -------
    windows : In(stream)
        From `window.Window`.
    sums : Out(stream)
        Sums of one fold after another.
    ready_ahead : In(1)
        Whether `sums` is ready in the next cycle.
    listed : Out
        Rows that are being read, each group's counted once.
    row : In(row_read_signature(plan))
        Read one row instead; only between maps.
    write : In(row_write_signature(plan))

    Notes
    -----
    A fold leaves the pipeline seven cycles after its last row is listed; see `taps.TapList` for the cycles of a fold. The whole
    pipeline waits while finished sums are not taken: each part of it by a register of its own, since thousands of registers wait.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "windows": In(stream.Signature(plan.window_bits)),
            "sums": Out(stream.Signature(sums_layout(plan))),
            "ready_ahead": In(1),
            "listed": Out(range(plan.parts * plan.banks + 1)),
            "row": In(row_read_signature(plan)),
            "write": In(row_write_signature(plan)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        m.submodules.taps = taps = TapList(plan)
        m.submodules.memory = store = WeightMemory(plan)
        connect(m, flipped(self.windows), taps.windows)
        connect(m, flipped(self.write), store.write)
        # ~sums.valid | sums.ready
        enable, enable_ahead = Signal(init=1), Signal()
        m.d.sync += enable.eq(enable_ahead)
        m.d.comb += [taps.advance.eq(enable), store.enable.eq(enable), self.listed.eq(taps.listed)]

        # stage 1: addresses
        stages = [(taps.valid | self.row.enable, taps.first | self.row.enable, taps.valid & taps.last)]
        for i in (1, 2, 3, 4):
            stage = (Signal(name=f"valid{i}"), Signal(name=f"first{i}"), Signal(name=f"last{i}"))
            with m.If(enable):
                m.d.sync += [new.eq(old) for new, old in zip(stage, stages[-1], strict=True)]
            stages.append(stage)
        with m.If(enable):
            for part in range(plan.parts):
                for bank in range(plan.banks):
                    row = Mux(self.row.bank[bank], self.row.address, plan.zero_row)
                    m.d.sync += store.address[part][bank].eq(Mux(taps.valid, taps.rows[part][bank], row))
        # stage 2: the memory; stage 3: a register behind it
        held = Signal.like(store.rows, name="held")
        # element i: whether stage i + 1 is valid in the next cycle
        valid_ahead = [Mux(enable, before[0], own[0]) for before, own in itertools.pairwise(stages)]
        hold, load, add = Signal(), Signal(), Signal()
        m.d.sync += [strobe.eq(enable_ahead & valid_ahead[i]) for i, strobe in ((1, hold), (2, load), (3, add))]
        with m.If(hold):
            m.d.sync += held.eq(store.rows)
        # stage 4: half of the banks and the other half are added up; stage 5: both, over time
        valid4, first4, last4 = stages[4]
        width = plan.weight_bits + (max(1, -(-plan.banks // 2)) - 1).bit_length()
        m.submodules.running = running = RunningSums(plan.lanes, addend_width=width, sum_width=plan.sum_width)
        m.d.comb += [running.load.eq(load), running.add.eq(add), running.first.eq(first4)]
        for part in range(plan.parts):
            for lane in range(plan.row_lanes):
                weights = [
                    held[part][bank].word_select(lane, plan.weight_bits).as_signed() for bank in range(plan.banks)
                ]
                number, middle = part * plan.row_lanes + lane, -(-plan.banks // 2)
                m.d.comb += [
                    running.left[number].eq(total(weights[:middle])),
                    running.right[number].eq(total(weights[middle:])),
                    self.sums.payload[number].eq(running.sums[number]),
                    # a row comes alone: its sum begins anew, and the other banks add zeros
                    self.row.rows[part][lane].eq(running.sums[number]),
                ]
        finished = Signal()
        m.d.comb += [
            finished.eq(Mux(enable, valid4 & last4, self.sums.valid)),
            enable_ahead.eq(~finished | self.ready_ahead),
        ]
        m.d.sync += self.sums.valid.eq(finished)
        return m
