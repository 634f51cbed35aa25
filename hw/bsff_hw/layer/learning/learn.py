"""What a layer learns from one sample: gains and corrections of its channels, every weight row, then the biases.

Integer model: `bsff.golden.update`.
"""

from __future__ import annotations

import itertools
from typing import Any

from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff.config import CLASSES
from bsff.contract.formats import ACTIVITY_BITS, INPUT_MEAN_BITS, STEP_BITS
from bsff.golden.update import reciprocal
from bsff_hw.layer.scan import ChannelScan
from bsff_hw.layer.verdict.goodness import tally_layout
from bsff_hw.layer.verdict.softmax import ERROR_WIDTH
from bsff_hw.parts.arithmetic import half_up, restarted, saturate
from bsff_hw.parts.ram import ram
from bsff_hw.plan.plan import BIAS_BITS, BIAS_WIDTH, GAIN_BITS, SUM_WIDTH, LayerPlan

from .update import coefficient_layout

ACTIVITY_WIDTH = 31
STEP_WIDTH = 16


class Learn(wiring.Component):
    """The serial parts of the update, a channel a cycle, before and after the rows.

    Members
    -------
    start : In(1)
        Prepare gains, corrections and sums of changes.
    rows : Out(1)
        For one cycle: the rows may be worked off.
    rows_done : In(1)
        For one cycle: they are; the biases follow.
    done : Out(1)
        For one cycle.
    error_number, error : Out, In
        A class and its error, in the same cycle.
    step, activity : In
        Step register, running number of ones.
    tally_block, tally : see `goodness.Goodness`.
    bias_block, bias : Out, In
        Read port of the biases.
    bias_mask, bias_write_block, bias_write : Out
        And their write port; the same word in every unit.
    coefficient_address, coefficients : In, Out
        See `update.RowUpdate`.
    moved_valid, moved_first, moved_address, moved : In
        See there.
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        words = max(2, plan.folds * plan.row_steps)

        def each(shape: Any) -> Any:
            return data.ArrayLayout(data.ArrayLayout(shape, plan.update_lanes), plan.parts)

        super().__init__(
            {
                "start": In(1),
                "rows": Out(1),
                "rows_done": In(1),
                "done": Out(1),
                "error_number": Out(range(CLASSES)),
                "error": In(signed(ERROR_WIDTH)),
                "step": In(STEP_WIDTH),
                "activity": In(ACTIVITY_WIDTH),
                "tally_block": Out(range(max(2, plan.blocks))),
                "tally": In(data.ArrayLayout(tally_layout(plan), plan.tiles)),
                "bias_block": Out(range(max(2, plan.blocks))),
                "bias": In(data.ArrayLayout(BIAS_WIDTH, plan.tiles)),
                "bias_mask": Out(plan.tiles),
                "bias_write_block": Out(range(max(2, plan.blocks))),
                "bias_write": Out(BIAS_WIDTH),
                "coefficient_address": In(range(words)),
                "coefficients": Out(each(coefficient_layout(plan))),
                "moved_valid": In(1),
                "moved_first": In(1),
                "moved_address": In(range(words)),
                "moved": In(each(signed(plan.weight_bits + 1))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        m.submodules.scan = scan = ChannelScan(plan)
        m.submodules.gains = gains = ram(signed(plan.gain_width), CLASSES)
        gain_of_class = gains.read_port(domain="comb")
        mean = Signal(unsigned((plan.levels << INPUT_MEAN_BITS).bit_length()))
        biases = Signal()  # the second scan: biases, not coefficients
        self._control(m, scan, gains, biases)

        # mean activity of an input, two cycles before it is needed
        if plan.shape.config.centre:
            product = Signal(ACTIVITY_WIDTH + 25)
            m.d.sync += [
                product.eq(self.activity * reciprocal(plan.inputs)),
                mean.eq(product >> (2 * ACTIVITY_BITS)),
            ]

        # stage 1: what the memories hold of the channel
        stages = [self._stage(i) for i in range(1, 5)]
        at = stages[0]
        m.d.sync += [
            at.valid.eq(scan.running), at.last.eq(scan.last), at.unit.eq(scan.unit), at.block.eq(scan.block),
            at.label.eq(scan.label), at.lane.eq(scan.lane), at.part.eq(scan.part), at.step.eq(scan.step),
            *(new.eq(old) for old, new in itertools.pairwise(stages)),
        ]  # fmt: skip
        m.d.comb += [
            self.tally_block.eq(scan.block), self.bias_block.eq(scan.block), gain_of_class.addr.eq(at.label),
        ]  # fmt: skip
        # stage 2: registers between the memories and the multipliers; stage 3: D k, the drive of both changes
        response, gain = Signal(plan.count_width), Signal(signed(plan.gain_width))
        drive = Signal(signed(plan.count_width + 1 + plan.gain_width))
        m.d.sync += [
            response.eq(self.tally[at.unit].response),
            gain.eq(gain_of_class.data),
            drive.eq(response * gain),
        ]
        moved = self._memories(m, scan, stages, gain, drive, mean, biases)

        # halves are added before the registers, where the adder of a DSP block takes them; the shifts then round
        # stages 2 to 4: the bias moves by its own drive less what the weights' centring took
        fold = Signal(signed(plan.moved_width + len(mean) + 1))
        old = [Signal(signed(BIAS_WIDTH), name=f"old{i}") for i in (2, 3, 4)]
        change = Signal(signed(max(len(drive), len(fold)) + 2))
        m.d.sync += [
            fold.eq(moved * mean + (1 << (INPUT_MEAN_BITS - BIAS_BITS - 1))),
            old[0].eq(self.bias[at.unit]),
            *(new.eq(before) for before, new in itertools.pairwise(old)),
            change.eq(half_up(drive, GAIN_BITS - BIAS_BITS) - (fold >> (INPUT_MEAN_BITS - BIAS_BITS))),
        ]
        out = stages[3]
        m.d.comb += [
            self.bias_write.eq(saturate(old[2] + change, BIAS_WIDTH)),
            self.bias_write_block.eq(out.block),
        ]
        for unit in range(plan.tiles):
            m.d.comb += self.bias_mask[unit].eq(out.valid & biases & (out.unit == unit))
        return m

    def _stage(self, number: int) -> Any:
        """Coordinates of a channel, as they travel along."""
        plan = self._plan
        layout = data.StructLayout(
            {
                "valid": 1, "last": 1, "unit": range(max(2, plan.tiles)), "block": range(max(2, plan.blocks)),
                "label": range(CLASSES), "lane": range(max(2, plan.update_lanes)), "part": range(max(2, plan.parts)),
                "step": range(max(2, plan.folds * plan.row_steps)),
            }
        )  # fmt: skip
        return Signal(layout, name=f"stage{number}")

    def _control(self, m: Module, scan: ChannelScan, gains: Any, biases: Signal) -> None:
        """Gains first, one a cycle through one multiplier; then a scan, the rows, and a scan."""
        index, waited = Signal(range(CLASSES + 1)), Signal(3)
        write = gains.write_port()
        product = Signal(signed(ERROR_WIDTH + STEP_WIDTH + 1))
        m.d.comb += [
            self.error_number.eq(index),
            write.addr.eq(index - 1),
            write.data.eq(half_up(product, STEP_BITS)),
        ]
        m.d.sync += [self.rows.eq(0), self.done.eq(0)]
        with m.FSM(name="phase"):
            with m.State("IDLE"), m.If(self.start):
                m.d.sync += [index.eq(0), biases.eq(0)]
                m.next = "GAINS"
            with m.State("GAINS"):
                m.d.sync += [product.eq(self.error * self.step), index.eq(index + 1)]
                m.d.comb += write.en.eq(index != 0)
                with m.If(index == CLASSES):
                    m.d.comb += scan.start.eq(1)
                    m.next = "PREPARE"
            with m.State("PREPARE"):
                m.d.sync += waited.eq(0)
                with m.If(~scan.running):
                    m.next = "DRAIN"
            with m.State("DRAIN"):
                m.d.sync += waited.eq(waited + 1)
                with m.If(waited == 5):
                    m.d.sync += waited.eq(0)
                    with m.If(biases):
                        m.d.sync += self.done.eq(1)
                        m.next = "IDLE"
                    with m.Else():
                        m.d.sync += self.rows.eq(1)
                        m.next = "ROWS"
            with m.State("ROWS"), m.If(self.rows_done):
                m.d.sync += biases.eq(1)
                m.d.comb += scan.start.eq(1)
                m.next = "PREPARE"

    def _memories(
        self, m: Module, scan: Any, stages: list[Any], gain: Signal, drive: Signal, mean: Any, biases: Signal
    ) -> Any:
        """Coefficients and sums of changes of each part's lanes; returns the sum of the channel in stage 2."""
        plan = self._plan
        at, out = stages[0], stages[3]
        # C = half_up(D k mu): the drive in stage 3, times mu in stage 4
        correction = Signal(signed(len(drive) + len(mean) + 1))
        gains = [gain, *(Signal(signed(plan.gain_width), name=f"gain{i}") for i in (3, 4))]
        m.d.sync += [
            correction.eq(drive * mean + (1 << (INPUT_MEAN_BITS - 1))),
            *(new.eq(before) for before, new in itertools.pairwise(gains)),
        ]
        words = max(2, plan.folds * plan.row_steps)
        layout = coefficient_layout(plan)
        shown = []
        late = Signal.like(self.moved_address)
        m.d.sync += late.eq(self.moved_address)
        for part in range(plan.parts):
            for lane in range(plan.update_lanes):
                mine = (out.part == part) & (out.lane == lane) & out.valid & ~biases
                store = ram(unsigned(layout.size), words)
                m.submodules[f"coefficients{part}_{lane}"] = store
                read, write = store.read_port(), store.write_port()
                new = data.View(layout, write.data)
                m.d.comb += [
                    read.en.eq(1),
                    read.addr.eq(self.coefficient_address),
                    self.coefficients[part][lane].eq(data.View(layout, read.data)),
                    new.gain.eq(gains[-1]),
                    new.centring.eq(-(correction >> INPUT_MEAN_BITS)[:SUM_WIDTH]),
                    write.addr.eq(out.step),
                    write.en.eq(mine),
                ]
                total = ram(signed(plan.moved_width), words)
                m.submodules[f"moved{part}_{lane}"] = total
                add = total.write_port()
                # consecutive changes meet the same word where a fold is one step
                seen = total.read_port(transparent_for=(add,) if plan.row_steps == 1 else ())
                m.d.comb += [
                    seen.en.eq(1),
                    seen.addr.eq(Mux(scan.running, scan.step, self.moved_address)),
                    add.addr.eq(late),
                    add.data.eq(restarted(self.moved[part][lane], self.moved_first, seen.data)),
                    add.en.eq(self.moved_valid),
                ]
                shown.append((part, lane, seen.data))
        result = Signal(signed(plan.moved_width))
        for part, lane, value in shown:
            with m.If((at.part == part) & (at.lane == lane)):
                m.d.sync += result.eq(value)
        return result
