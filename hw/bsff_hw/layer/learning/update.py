"""The update of weight rows, a few weights of each part a cycle."""

import itertools
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import Planned, index, read_signature
from bsff_hw.layer.forward.weights import row_write_signature
from bsff_hw.parts.arithmetic import any_of, pick
from bsff_hw.plan import LayerPlan

from .lane import UpdateLane, coefficient_layout
from .rows import row_update_layout


def each_lane(plan: LayerPlan, shape: Any) -> data.ArrayLayout:
    """One of a shape for each update lane of every part."""
    return data.ArrayLayout(data.ArrayLayout(shape, plan.update_lanes), plan.parts)


def coefficient_read_signature(plan: LayerPlan) -> wiring.Signature:
    """Read k and -C of each update lane; the address is ``fold * row_steps + step``."""
    return read_signature(index(plan.lane_words), each_lane(plan, coefficient_layout()))


def moves_signature(plan: LayerPlan) -> wiring.Signature:
    """Changes of weights, to be summed by channel.

    ``first`` marks those of the first tap; ``address``, the word as in `coefficient_read_signature`, comes a cycle before the
    others.
    """
    return wiring.Signature(
        {
            "valid": Out(1),
            "first": Out(1),
            "address": Out(index(plan.lane_words)),
            "changes": Out(each_lane(plan, signed(plan.weight_bits + 1))),
        }
    )


def edit_signature(plan: LayerPlan) -> wiring.Signature:
    """Read one weight of a row and, with ``write``, replace it, by the way of the update.

    The row must have been read before. ``begin`` takes it, a cycle after ``free``, which stays until then; ``bank`` and ``address``
    are taken with it.
    All else stays until ``done``, when the row is written and ``weight`` is the weight as it was.
    """
    return wiring.Signature(
        {
            "begin": Out(1),
            "bank": Out(plan.banks),
            "address": Out(index(plan.depth)),
            "part": Out(index(plan.parts)),
            "lane": Out(index(plan.update_lanes)),
            "step": Out(index(plan.row_steps)),
            "write": Out(1),
            "data": Out(plan.weight_bits),
            "free": In(1),
            "done": In(1),
            "weight": In(signed(plan.weight_bits)),
        }
    )


def _stage_layout(plan: LayerPlan) -> data.StructLayout:
    """What accompanies a step through the lanes."""
    return data.StructLayout(
        {
            "valid": 1,
            "first": 1,
            "end": 1,
            "host": 1,
            "hit": 1,
            "bank": plan.banks,
            "address": index(plan.depth),
            "word": index(plan.lane_words),
        }
    )


class RowUpdate(Planned):
    """Work off one row of every part: load sums and weights, change `plan.update_lanes` weights a cycle, write the row back.

    Members
    -------
    updates : In(stream(row_update_layout(plan)), always ready)
        Only where `free` was set a cycle before; the next one two cycles later at best.
    free : Out(1)
        From the next cycle on a row may begin. From registers.
    edit : In(edit_signature(plan))
        The host's weights; never while updates come. The rows are those of `updates`.
    coefficients : Out(coefficient_read_signature(plan))
    moves : Out(moves_signature(plan))
    saturated : Out
        Weights clipped, with `moves`.
    write : Out(row_write_signature(plan))
    busy : Out(1)

    Notes
    -----
    ``plan.row_steps`` cycles a row; it is written ``UpdateLane.LATENCY + 1`` cycles after its last step.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "updates": In(stream.Signature(row_update_layout(plan), always_ready=True)),
            "free": Out(1),
            "edit": In(edit_signature(plan)),
            "coefficients": Out(coefficient_read_signature(plan)),
            "moves": Out(moves_signature(plan)),
            "saturated": Out(range(plan.parts * plan.update_lanes + 1)),
            "write": Out(row_write_signature(plan)),
            "busy": Out(1),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan, row, edit = self._plan, self.updates.payload, self.edit
        begin, running, step, end = Signal(), Signal(), Signal(index(plan.row_steps)), Signal()
        taking = Signal(init=1)
        fold, first, dither, host = Signal.like(row.fold), Signal(), Signal.like(row.dither), Signal()
        bank, address = Signal.like(row.bank), Signal.like(row.address)
        m.d.comb += [
            end.eq(step == plan.row_steps - 1),
            self.free.eq(~running | end | (step == plan.row_steps - 2)),
            edit.free.eq(taking),
            begin.eq(self.updates.valid | edit.begin),
            self.coefficients.enable.eq(1),
            self.coefficients.address.eq(fold * plan.row_steps + step),
        ]
        with m.If(running):
            m.d.sync += [step.eq(step + 1), running.eq(~end)]
        with m.If(begin):
            m.d.sync += [running.eq(1), step.eq(0)]
        # what a row brings is taken while one may begin, whether it does or not, so that a register enables so many
        m.d.sync += taking.eq(self.free & ~begin)
        with m.If(taking):
            m.d.sync += [
                fold.eq(row.fold),
                first.eq(row.first),
                dither.eq(row.dither),
                host.eq(edit.begin),
                bank.eq(Mux(edit.begin, edit.bank, row.bank)),
                address.eq(Mux(edit.begin, edit.address, row.address)),
            ]

        stages = [Signal(_stage_layout(plan), name=f"stage{i}") for i in range(1, UpdateLane.LATENCY + 1)]
        late = [Signal.like(dither, name=f"dither{i}") for i in range(1, UpdateLane.DITHER + 1)]
        m.d.sync += [
            stages[0].valid.eq(running),
            stages[0].first.eq(first),
            stages[0].end.eq(running & end),
            stages[0].host.eq(host),
            stages[0].hit.eq(host & (step == edit.step)),
            stages[0].bank.eq(bank),
            stages[0].address.eq(address),
            stages[0].word.eq(self.coefficients.address),
            late[0].eq(dither),
            *(new.eq(old) for old, new in [*itertools.pairwise(stages), *itertools.pairwise(late)]),
        ]
        out = stages[-1]
        m.d.comb += [
            self.moves.valid.eq(out.valid & ~out.host),
            self.moves.first.eq(out.first),
            self.moves.address.eq(stages[-2].word),
            self.busy.eq(running | any_of([stage.valid for stage in stages])),
        ]
        clipped = []
        for part in range(plan.parts):
            clipped += self._part(m, part, taking, step, out, late[-1])
            chosen = ~out.host | (edit.write & (edit.part == part))
            m.d.sync += self.write.banks[part].eq(Mux(out.valid & out.end & chosen, out.bank, 0))
        m.d.sync += [self.write.address.eq(out.address), edit.done.eq(out.valid & out.end & out.host)]
        m.d.comb += self.saturated.eq(Mux(self.moves.valid, sum(clipped), 0))
        return m

    def _part(self, m: Module, part: int, taking: Signal, step: Signal, out: Any, dither: Signal) -> list[Any]:
        """Registers and lanes of one part; returns the lanes' saturation flags."""
        plan, edit = self._plan, self.edit
        bits, count = plan.weight_bits, plan.update_lanes
        sums = Signal(plan.row_lanes * plan.change_width, name=f"sums{part}")
        row = Signal(plan.row_lanes * bits, name=f"row{part}")
        with m.If(taking):
            m.d.sync += [sums.eq(self.updates.payload.sums[part]), row.eq(self.updates.payload.rows[part])]
        sums_now, row_now = pick(sums, plan.row_steps, step), pick(row, plan.row_steps, step)
        flags, changed = [], []
        for i in range(count):
            lane = UpdateLane(plan)
            m.submodules[f"lane{part}_{i}"] = lane
            m.d.comb += [
                lane.sum.eq(sums_now[i * plan.change_width : (i + 1) * plan.change_width]),
                lane.weight.eq(row_now[i * bits : (i + 1) * bits].as_signed()),
                lane.coefficient.eq(self.coefficients.word[part][i]),
                lane.dither.eq(dither),
                self.moves.changes[part][i].eq(lane.moved),
            ]
            hit = out.hit & (edit.lane == i) & (edit.part == part)
            edited = Mux(hit & edit.write, edit.data.as_signed(), lane.unchanged)
            changed.append(Mux(out.host, edited, lane.changed)[:bits])
            with m.If(out.valid & hit):
                m.d.sync += edit.weight.eq(lane.unchanged)
            flags.append(lane.saturated)
        result = Signal(plan.row_lanes * bits, name=f"result{part}")
        with m.If(out.valid):
            m.d.sync += result.eq(Cat(result, *changed)[count * bits :])
        m.d.comb += self.write.rows[part].eq(result)
        return flags
