"""From sums to random counts: add the bias, fire the tiles, a few channels a cycle. Model: `bsff.golden.layer.forward`."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.numerics import boxcar_width
from bsff_hw.parts.arithmetic import pick
from bsff_hw.parts.lfsr import Draws
from bsff_hw.plan.plan import BIAS_BITS, BIAS_WIDTH, LayerPlan

from .pbit import TileArray


def fired_layout(plan: LayerPlan) -> data.StructLayout:
    """A transfer of `plan.tiles` channels: counts in unary, and responses."""
    return data.StructLayout(
        {
            "count": data.ArrayLayout(unsigned(plan.tile), plan.tiles),
            "response": data.ArrayLayout(unsigned(plan.response_width), plan.tiles),
        }
    )


class Fire(wiring.Component):
    """Fire every p-bit of one position after another.

    Members
    -------
    sums, valid, ready :
        From `accumulate.Accumulate`.
    bias_enable, bias_block, bias :
        Read port of the biases, one cycle of latency.
    output : Out(stream)
        Counts and responses before the pool: positions in raster order, channels rising.
    busy : Out(1)
        Something is under way.
    load, load_data, state :
        Of the p-bits' generator, see `lfsr.Draws`.

    Notes
    -----
    `plan.tiles` channels a cycle, the first five cycles after their fold was taken.
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        super().__init__(
            {
                "sums": In(data.ArrayLayout(signed(plan.sum_width), plan.lanes)),
                "valid": In(1),
                "ready": Out(1),
                "bias_enable": Out(1),
                "bias_block": Out(range(max(2, plan.blocks))),
                "bias": In(data.ArrayLayout(BIAS_WIDTH, plan.tiles)),
                "output": Out(stream.Signature(fired_layout(plan))),
                "busy": Out(1),
                "load": In(2),
                "load_data": In(32),
                "state": Out(64, init=1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        config = plan.shape.config
        m.submodules.tiles = tiles = TileArray(
            plan.tiles,
            tile=plan.tile,
            fraction_bits=config.fraction_bits,
            boxcar=boxcar_width(config),
            xor=config.eligibility == "xor",
            width=plan.preactivation_width,
        )
        m.submodules.draws = draws = Draws(plan.tiles * tiles.draws_of_unit)
        enable = Signal()
        full, firing = Signal(), Signal()
        steps = plan.lanes // plan.tiles
        step, block = Signal(range(max(2, steps))), Signal(range(max(2, plan.blocks)))
        end = Signal()
        m.d.comb += [
            enable.eq(~self.output.valid | self.output.ready),
            firing.eq(full & enable),
            end.eq(step == steps - 1),
            self.ready.eq(~full | (firing & end)),
            draws.take.eq(firing),
            draws.align.eq(firing & (block == plan.blocks - 1)),
            draws.load.eq(self.load),
            draws.load_data.eq(self.load_data),
            self.state.eq(draws.state),
            self.bias_enable.eq(enable),
            self.bias_block.eq(block),
        ]
        # the fold that is being fired
        width = plan.tiles * plan.sum_width
        held = Signal(plan.lanes * plan.sum_width)
        with m.If(firing):
            m.d.sync += [
                step.eq(Mux(end, 0, step + 1)),
                block.eq(Mux(block == plan.blocks - 1, 0, block + 1)),
                full.eq(~end),
            ]
        with m.If(self.valid & self.ready):
            m.d.sync += [held.eq(self.sums), full.eq(1)]

        # stage 1: bias; stages 2 to 4: in the tiles
        valid1, valid2, valid3 = Signal(), Signal(), Signal()
        sums = Signal(width)
        drawn = Signal.like(draws.draws, name="drawn")
        with m.If(enable):
            m.d.sync += [
                valid1.eq(full),
                sums.eq(pick(held, steps, step)),
                drawn.eq(draws.draws),
                valid2.eq(valid1),
                valid3.eq(valid2),
                self.output.valid.eq(valid3),
            ]
        m.d.comb += [tiles.enable.eq(enable), tiles.draws.eq(drawn)]
        for unit in range(plan.tiles):
            own = sums.word_select(unit, plan.sum_width).as_signed()
            m.d.comb += tiles.preactivation[unit].eq(own + self.bias[unit][BIAS_BITS:].as_signed())
        m.d.comb += [
            self.output.payload.count.eq(tiles.count),
            self.output.payload.response.eq(tiles.response),
            self.busy.eq(full | Cat(valid1, valid2, valid3, self.output.valid).any()),
        ]
        return m
