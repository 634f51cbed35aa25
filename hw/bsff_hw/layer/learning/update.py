"""The update of weight rows: gain, centring, stochastic rounding, saturation. Integer model: `bsff.golden.update.update`."""

from __future__ import annotations

import itertools
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.parts.arithmetic import fits, pick, saturate
from bsff_hw.plan.plan import GAIN_BITS, SUM_WIDTH, LayerPlan


def coefficient_layout(plan: LayerPlan) -> data.StructLayout:
    """What the update needs to know of a channel: its gain k, and its centring -C."""
    return data.StructLayout({"gain": signed(plan.gain_width), "centring": signed(SUM_WIDTH)})


class UpdateLane(wiring.Component):
    """Change one weight a cycle: ``W' = saturate(W + ((S k - C + dither) >> 12))``.

    The dither is smaller than a unit of W, so ``W 2**12 + dither`` is W and the dither side by side, and one adder does for
    both; product and centring fit the multiplier and the adder of a DSP block.

    Members
    -------
    sum, weight : In
        S and W.
    coefficient : In
        k and -C of the channel, one cycle after S and W.
    dither : In(12)
        Three cycles after S and W.
    changed : Out(signed(weight_bits))
        W', `LATENCY` cycles after S and W.
    unchanged : Out(signed(weight_bits))
        W, with it.
    moved : Out(signed)
        ``W' - W``, with it.
    saturated : Out(1)

    Notes
    -----
    One weight a cycle, latency 4.
    """

    LATENCY = 4

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        super().__init__(
            {
                "sum": In(plan.change_width),
                "weight": In(signed(plan.weight_bits)),
                "coefficient": In(coefficient_layout(plan)),
                "dither": In(GAIN_BITS),
                "changed": Out(signed(plan.weight_bits)),
                "unchanged": Out(signed(plan.weight_bits)),
                "moved": Out(signed(plan.weight_bits + 1)),
                "saturated": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        width = self._plan.weight_bits
        weights = [Signal(signed(width), name=f"weight{i}") for i in (1, 2, 3)]
        total = Signal(unsigned(self._plan.change_width))
        product, centring = Signal(signed(SUM_WIDTH)), Signal(signed(SUM_WIDTH))
        change = Signal(signed(SUM_WIDTH + 1))
        exact = Signal(signed(SUM_WIDTH + 2))
        held = Signal(signed(width))
        wanted = exact[GAIN_BITS:].as_signed()
        m.d.sync += [
            total.eq(self.sum),
            weights[0].eq(self.weight),
            product.eq(total * self.coefficient.gain),
            centring.eq(self.coefficient.centring),
            weights[1].eq(weights[0]),
            change.eq(product + centring),
            weights[2].eq(weights[1]),
            self.changed.eq(held),
            self.unchanged.eq(weights[2]),
            self.moved.eq(held - weights[2]),
            self.saturated.eq(~fits(wanted, width)),
        ]
        m.d.comb += [exact.eq(Cat(self.dither, weights[2]).as_signed() + change), held.eq(saturate(wanted, width))]
        return m


class RowUpdate(wiring.Component):
    """Work off one row of every part: load sums and weights, change `plan.update_lanes` weights a cycle, write the row back.

    The host reads and writes single weights by the same way.

    Members
    -------
    begin : In(1)
        Take `sums`, `rows` and what stands beside them; only while `free`.
    free : Out(1)
    sums, rows : In
        S and W of each part's lanes.
    fold, first, bank, address, dither : In
        The fold, whether its first tap; where the row is written; the dither of its tap.
    host : In(1)
        With `begin`: change nothing but, if `host_write`, one weight.
    host_write, host_part, host_lane, host_step, host_data : In
        That weight; stable until `host_done`.
    host_done : Out(1)
        The row is written; `host_read` is the weight as it was.
    coefficient_address : Out
        Word ``fold * row_steps + step`` of the memories below.
    coefficients : In
        k and -C of each part's lanes, one cycle after the address.
    moved_valid, moved_first, moved_address, moved : Out
        Weight changes, to be summed by channel, beginning with those of the first tap; address one cycle before the others.
    saturated : Out
        Weights clipped, with `moved`.
    write, write_address, write_rows : Out
        See `weights.WeightMemory`.
    busy : Out(1)

    Notes
    -----
    ``plan.row_steps`` cycles a row; it is written ``UpdateLane.LATENCY + 1`` cycles after its last step.
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        per_part = (plan.update_lanes, plan.parts)
        words = max(2, plan.folds * plan.row_steps)
        row = data.ArrayLayout(signed(plan.weight_bits), plan.row_lanes)
        address = max(1, (plan.depth - 1).bit_length())

        def each(shape: Any) -> Any:
            return data.ArrayLayout(data.ArrayLayout(shape, per_part[0]), per_part[1])

        super().__init__(
            {
                "begin": In(1),
                "free": Out(1),
                "sums": In(data.ArrayLayout(data.ArrayLayout(unsigned(plan.change_width), plan.row_lanes), plan.parts)),
                "rows": In(data.ArrayLayout(row, plan.parts)),
                "fold": In(range(max(2, plan.folds))),
                "first": In(1),
                "bank": In(plan.banks),
                "address": In(address),
                "dither": In(GAIN_BITS),
                "host": In(1),
                "host_write": In(1),
                "host_part": In(range(max(2, plan.parts))),
                "host_lane": In(range(max(2, plan.update_lanes))),
                "host_step": In(range(max(2, plan.row_steps))),
                "host_data": In(plan.weight_bits),
                "host_done": Out(1),
                "host_read": Out(signed(plan.weight_bits)),
                "coefficient_address": Out(range(words)),
                "coefficients": In(each(coefficient_layout(plan))),
                "moved_valid": Out(1),
                "moved_first": Out(1),
                "moved_address": Out(range(words)),
                "moved": Out(each(signed(plan.weight_bits + 1))),
                "saturated": Out(range(plan.parts * plan.update_lanes + 1)),
                "write": Out(data.ArrayLayout(plan.banks, plan.parts)),
                "write_address": Out(address),
                "write_rows": Out(data.ArrayLayout(plan.row_lanes * plan.weight_bits, plan.parts)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        running, step, end = Signal(), Signal(range(max(2, plan.row_steps))), Signal()
        fold, first, dither, host = Signal.like(self.fold), Signal(), Signal.like(self.dither), Signal()
        bank, address = Signal.like(self.bank), Signal.like(self.address)
        m.d.comb += [
            end.eq(step == plan.row_steps - 1),
            self.free.eq(~running | end),
            self.coefficient_address.eq(fold * plan.row_steps + step),
        ]
        with m.If(running):
            m.d.sync += [step.eq(step + 1), running.eq(~end)]
        with m.If(self.begin):
            m.d.sync += [
                running.eq(1), step.eq(0), fold.eq(self.fold), first.eq(self.first), dither.eq(self.dither), host.eq(self.host),
                bank.eq(self.bank), address.eq(self.address),
            ]  # fmt: skip

        # what accompanies a step through the lanes
        layout = data.StructLayout(
            {
                "valid": 1, "first": 1, "end": 1, "host": 1, "hit": 1, "bank": plan.banks,
                "address": len(self.address), "word": len(self.coefficient_address),
            }
        )  # fmt: skip
        stages = [Signal(layout, name=f"stage{i}") for i in range(1, UpdateLane.LATENCY + 1)]
        m.d.sync += [
            stages[0].valid.eq(running),
            stages[0].first.eq(first),
            stages[0].end.eq(running & end),
            stages[0].host.eq(host),
            stages[0].hit.eq(host & (step == self.host_step)),
            stages[0].bank.eq(bank),
            stages[0].address.eq(address),
            stages[0].word.eq(self.coefficient_address),
            *(new.eq(old) for old, new in itertools.pairwise(stages)),
        ]
        out = stages[-1]
        m.d.comb += [
            self.moved_valid.eq(out.valid & ~out.host),
            self.moved_first.eq(out.first),
            self.moved_address.eq(stages[-2].word),
            self.busy.eq(running | self._any(stages)),
        ]
        late = [Signal.like(dither, name=f"dither{i}") for i in (1, 2, 3)]
        m.d.sync += [late[0].eq(dither), *(new.eq(old) for old, new in itertools.pairwise(late))]

        clipped = []
        for part in range(plan.parts):
            clipped += self._part(m, part, step, stages, late[-1])
            chosen = ~out.host | (self.host_write & (self.host_part == part))
            m.d.sync += self.write[part].eq(Mux(out.valid & out.end & chosen, out.bank, 0))
        m.d.sync += [self.write_address.eq(out.address), self.host_done.eq(out.valid & out.end & out.host)]
        m.d.comb += self.saturated.eq(Mux(self.moved_valid, sum(clipped), 0))
        return m

    @staticmethod
    def _any(stages: list[Any]) -> Any:
        result = stages[0].valid
        for stage in stages[1:]:
            result = result | stage.valid
        return result

    def _part(self, m: Module, part: int, step: Any, stages: list[Any], dither: Any) -> list[Any]:
        """Registers and lanes of one part; returns the lanes' saturation flags."""
        plan = self._plan
        out = stages[-1]
        bits, count = plan.weight_bits, plan.update_lanes
        sums = Signal(plan.row_lanes * plan.change_width, name=f"sums{part}")
        row = Signal(plan.row_lanes * bits, name=f"row{part}")
        with m.If(self.begin):
            m.d.sync += [sums.eq(self.sums[part]), row.eq(self.rows[part])]
        sums_now, row_now = pick(sums, plan.row_steps, step), pick(row, plan.row_steps, step)
        flags, changed = [], []
        for i in range(count):
            lane = UpdateLane(plan)
            m.submodules[f"lane{part}_{i}"] = lane
            m.d.comb += [
                lane.sum.eq(sums_now[i * plan.change_width : (i + 1) * plan.change_width]),
                lane.weight.eq(row_now[i * bits : (i + 1) * bits].as_signed()),
                lane.coefficient.eq(self.coefficients[part][i]),
                lane.dither.eq(dither),
                self.moved[part][i].eq(lane.moved),
            ]
            hit = out.hit & (self.host_lane == i) & (self.host_part == part)
            changed.append(
                Mux(out.host, Mux(hit & self.host_write, self.host_data.as_signed(), lane.unchanged), lane.changed)[
                    :bits
                ]
            )
            with m.If(out.valid & hit):
                m.d.sync += self.host_read.eq(lane.unchanged)
            flags.append(lane.saturated)
        result = Signal(plan.row_lanes * bits, name=f"result{part}")
        with m.If(out.valid):
            m.d.sync += result.eq(Cat(result, *changed)[count * bits :])
        m.d.comb += self.write_rows[part].eq(result)
        return flags
