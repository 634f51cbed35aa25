"""The serial part of the update, a channel a cycle: coefficients before the rows, biases after them.

Integer model: `bsff.golden.update.update`.
"""

import itertools
from typing import Any

from amaranth.hdl import Const, Module, Signal, Value, signed, unsigned
from amaranth.lib import data
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.contract.formats import (
    ACTIVITY_BITS,
    ACTIVITY_WIDTH,
    BIAS_BITS,
    BIAS_WIDTH,
    GAIN_BITS,
    GAIN_WIDTH,
    INPUT_MEAN_BITS,
    SUM_WIDTH,
)
from bsff.contract.numerics import firing_count, firing_shift
from bsff.golden.update import reciprocal
from bsff_hw.interfaces import Planned, index
from bsff_hw.layer.scan import ChannelScan, channel_layout
from bsff_hw.layer.tally import tally_layout
from bsff_hw.parts.arithmetic import half_up, saturate
from bsff_hw.parts.channels import channel_read_signature, channel_write_signature, one_channel_read_signature
from bsff_hw.parts.product import Product
from bsff_hw.plan import LayerPlan

from .coefficients import Coefficients, Moves
from .update import coefficient_read_signature, moves_signature

DEPTH = 6
"""Stages from the channel scan to the memories that are written."""
DRAIN = DEPTH + 3
"""Cycles from the end of the scan until the last channel is written."""


class Drives(Planned):
    """Visit every channel: its drive D k gives its coefficients or, once the rows are changed, its bias.

    A target of firing moves the bias besides, by the counts that are missing.

    Members
    -------
    start : In(1)
    running : Out(1)
        Channels are being visited; the last is written `DRAIN` cycles after that.
    biases : In(1)
        Write biases; else coefficients.
    number, gain : Out, In
        A class, and its gain in the same cycle; from `gains.Gains`.
    activity : In(ACTIVITY_WIDTH)
        Running number of ones of the input map.
    tallies : Out(channel_read_signature())
        Sums of a channel's counts and responses.
    bias, bias_write : Out
        The biases' memory.
    coefficients : In(coefficient_read_signature(plan))
    moves : In(moves_signature(plan))
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "start": In(1),
            "running": Out(1),
            "biases": In(1),
            "number": Out(index(plan.classes)),
            "gain": In(signed(GAIN_WIDTH)),
            "activity": In(ACTIVITY_WIDTH),
            "tallies": Out(channel_read_signature(plan.beats, plan.tiles, tally_layout(plan))),
            "bias": Out(one_channel_read_signature(plan.beats, plan.tiles, BIAS_WIDTH)),
            "bias_write": Out(channel_write_signature(plan.beats, plan.tiles, BIAS_WIDTH)),
            "coefficients": In(coefficient_read_signature(plan)),
            "moves": In(moves_signature(plan)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        m.submodules.scan = scan = ChannelScan(plan)
        m.submodules.coefficients = coefficients = Coefficients(plan)
        m.submodules.moves = moves = Moves(plan)
        connect(m, flipped(self.coefficients), coefficients.read)
        connect(m, flipped(self.moves), moves.moves)
        m.d.comb += [
            scan.start.eq(self.start),
            self.running.eq(scan.running),
            moves.scanning.eq(scan.running),
            moves.at.eq(scan.at),
        ]
        # stage 1: what the memories hold of the channel
        layout = data.StructLayout({"valid": unsigned(1), "at": channel_layout(plan)})
        stages = [Signal(layout, name=f"stage{i}") for i in range(1, DEPTH + 1)]
        m.d.sync += [
            stages[0].valid.eq(scan.running),
            stages[0].at.eq(scan.at),
            *(new.eq(old) for old, new in itertools.pairwise(stages)),
        ]
        at, out = stages[0].at, stages[-1]
        m.d.comb += [
            self.tallies.enable.eq(1),
            self.tallies.address.eq(scan.at.beat),
            self.bias.address.eq(scan.at.beat),
            self.bias.unit.eq(at.unit),
            self.number.eq(at.label),
            coefficients.write.eq(out.valid & ~self.biases),
            coefficients.at.eq(out.at),
        ]
        # stages 2 and 3: D k, the drive of both changes
        m.submodules.drive = drive = Product(unsigned(plan.count_width), signed(GAIN_WIDTH))
        m.d.comb += [drive.left.eq(self.tallies.word[at.unit].response), drive.right.eq(self.gain)]
        mean = self._mean(m)
        self._coefficient(m, coefficients.coefficient, drive.product, mean)
        self._bias(m, at, out, drive.product, moves.moved, mean, self._towards(m, self.tallies.word[at.unit].count))
        return m

    def _mean(self, m: Module) -> Signal:
        """Mean activity of an input, three cycles after the running number of ones: the gains take longer."""
        mean = Signal(unsigned((self._plan.levels << INPUT_MEAN_BITS).bit_length()))
        if self._plan.shape.config.centre:
            factor = Const(reciprocal(self._plan.inputs))
            m.submodules.mean = scaled = Product(unsigned(ACTIVITY_WIDTH), factor.shape())
            m.d.comb += [scaled.left.eq(self.activity), scaled.right.eq(factor)]
            m.d.sync += mean.eq(scaled.product >> (2 * ACTIVITY_BITS))
        return mean

    def _coefficient(self, m: Module, result: Any, drive: Value, mean: Signal) -> None:
        """k, and C = half_up(D k mu): the drive in stage 3, times mu in stage 5, rounded in stage 6."""
        m.submodules.centring = centring = Product(drive.shape(), mean.shape())
        correction = Signal(signed(len(centring.product) + 1))
        late = [self.gain, *(Signal(signed(GAIN_WIDTH), name=f"gain{i}") for i in range(2, DEPTH + 1))]
        m.d.comb += [centring.left.eq(drive), centring.right.eq(mean)]
        m.d.sync += [
            correction.eq(centring.product + (1 << (INPUT_MEAN_BITS - 1))),  # the shift then rounds
            *(new.eq(old) for old, new in itertools.pairwise(late)),
        ]
        m.d.comb += [result.gain.eq(late[-1]), result.centring.eq(-(correction >> INPUT_MEAN_BITS)[:SUM_WIDTH])]

    def _towards(self, m: Module, count: Any) -> Any:
        """`golden.update.towards`: the target of firing moves a bias; from stage 1 to stage 5."""
        shape = self._plan.shape
        shift = firing_shift(shape)
        if shift is None:
            return 0
        missing = [Signal(signed(self._plan.count_width + 1), name=f"missing{i}") for i in (2, 3, 4, 5)]
        m.d.sync += [
            missing[0].eq(firing_count(shape) - count),
            *(new.eq(old) for old, new in itertools.pairwise(missing)),
        ]
        return missing[-1] << shift if shift >= 0 else missing[-1] >> -shift

    def _bias(self, m: Module, at: Any, out: Any, drive: Value, moved: Signal, mean: Signal, towards: Any) -> None:
        """The bias moves by its own drive less what the weights' centring took, in stages 2 to 6."""
        shift = INPUT_MEAN_BITS - BIAS_BITS
        m.submodules.taken = taken = Product(moved.shape(), mean.shape())
        fold = Signal(signed(len(taken.product) + 1))
        drives = [Signal(drive.shape(), name=f"drive{i}") for i in (4, 5)]
        old = [Signal(signed(BIAS_WIDTH), name=f"old{i}") for i in range(2, DEPTH + 1)]
        change = Signal(signed(max(len(drive), len(fold), len(Value.cast(towards))) + 3))
        m.d.comb += [taken.left.eq(moved), taken.right.eq(mean)]
        m.d.sync += [
            fold.eq(taken.product + (1 << (shift - 1))),
            drives[0].eq(drive),
            drives[1].eq(drives[0]),
            old[0].eq(self.bias.word),
            *(new.eq(before) for before, new in itertools.pairwise(old)),
            change.eq(half_up(drives[1], GAIN_BITS - BIAS_BITS) - (fold >> shift) + towards),
        ]
        m.d.comb += self.bias_write.address.eq(out.at.beat)
        for unit in range(self._plan.tiles):
            m.d.comb += [
                self.bias_write.words[unit].eq(saturate(old[-1] + change, BIAS_WIDTH)),
                self.bias_write.mask[unit].eq(out.valid & self.biases & (out.at.unit == unit)),
            ]
