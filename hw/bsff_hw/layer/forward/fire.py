"""From sums to random counts: add the bias, fire the tiles, a few channels a cycle. Model: `bsff.golden.layer.forward`."""

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.contract.formats import BIAS_BITS, BIAS_WIDTH
from bsff.contract.numerics import boxcar_width, noise_scale
from bsff_hw.interfaces import Planned, generator_signature, index
from bsff_hw.parts.arithmetic import pick
from bsff_hw.parts.channels import channel_read_signature
from bsff_hw.parts.lfsr import Draws
from bsff_hw.plan import LayerPlan

from .accumulate import sums_layout
from .pbit import TileArray


def fired_layout(plan: LayerPlan) -> data.StructLayout:
    """A beat of `plan.tiles` channels: counts in unary, and responses."""
    return data.StructLayout(
        {
            "count": data.ArrayLayout(unsigned(plan.tile), plan.tiles),
            "response": data.ArrayLayout(unsigned(plan.response_width), plan.tiles),
        }
    )


class Fire(Planned):
    """Fire every p-bit of one position after another.

    Members
    -------
    sums : In(stream)
        From `accumulate.Accumulate`. Ready is a register.
    ready_ahead : Out(1)
        Whether `sums` is ready in the next cycle.
    biases : Out(channel_read_signature())
    room : In(1)
        A beat may begin.
    room_ahead : In(1)
        `room` of the next cycle.
    begun : Out(1)
        One begins in this cycle.
    output : Out(stream, always ready)
        Counts and responses before the pool: positions in raster order, channels rising.
    generator : In(generator_signature())
        The generator of the p-bits.

    Notes
    -----
    `plan.tiles` channels a cycle, the first five cycles after their fold was taken; a beat that has begun never waits.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "sums": In(stream.Signature(sums_layout(plan))),
            "ready_ahead": Out(1),
            "biases": Out(channel_read_signature(plan.beats, plan.tiles, BIAS_WIDTH)),
            "room": In(1),
            "room_ahead": In(1),
            "begun": Out(1),
            "output": Out(stream.Signature(fired_layout(plan), always_ready=True)),
            "generator": In(generator_signature()),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        config = plan.shape.config
        m.submodules.tiles = tiles = TileArray(
            plan.tiles,
            tile=plan.tile,
            fraction_bits=config.fraction_bits,
            boxcar=boxcar_width(config),
            noise=noise_scale(config),
            xor=config.eligibility == "xor",
            width=plan.preactivation_width,
        )
        m.submodules.draws = draws = Draws(plan.tiles * tiles.draws_of_unit)
        connect(m, flipped(self.generator), draws.generator)
        full, firing, end = Signal(), Signal(), Signal()
        steps = plan.lanes // plan.tiles
        step, beat = Signal(index(steps)), Signal(index(plan.beats))
        ready, taken = Signal(init=1), Signal()
        full_ahead, step_ahead = Signal(), Signal.like(step)
        m.d.comb += [
            firing.eq(full & self.room),
            self.begun.eq(firing),
            end.eq(step == steps - 1),
            taken.eq(self.sums.valid & ready),
            full_ahead.eq(taken | (full & ~(firing & end))),
            step_ahead.eq(Mux(firing, Mux(end, 0, step + 1), step)),
            # known a cycle before, so that whoever waits for it waits for a register
            self.ready_ahead.eq(~full_ahead | (self.room_ahead & (step_ahead == steps - 1))),
            self.sums.ready.eq(ready),
            draws.take.eq(firing),
            draws.align.eq(firing & (beat == plan.beats - 1)),
            self.biases.enable.eq(firing),
            self.biases.address.eq(beat),
        ]
        # the fold that is being fired
        held = Signal(plan.lanes * plan.sum_width)
        m.d.sync += [ready.eq(self.ready_ahead), full.eq(full_ahead), step.eq(step_ahead)]
        with m.If(firing):
            m.d.sync += beat.eq(Mux(beat == plan.beats - 1, 0, beat + 1))
        with m.If(taken):
            m.d.sync += held.eq(self.sums.payload)

        # stage 1: bias; stages 2 to 4: in the tiles
        valid1, valid2, valid3 = Signal(), Signal(), Signal()
        sums = Signal(plan.tiles * plan.sum_width)
        drawn = Signal.like(draws.draws, name="drawn")
        m.d.sync += [
            valid1.eq(firing),
            sums.eq(pick(held, steps, step)),
            drawn.eq(draws.draws),
            valid2.eq(valid1),
            valid3.eq(valid2),
            self.output.valid.eq(valid3),
        ]
        m.d.comb += tiles.draws.eq(drawn)
        for unit in range(plan.tiles):
            own = sums.word_select(unit, plan.sum_width).as_signed()
            m.d.comb += tiles.preactivation[unit].eq(own + self.biases.word[unit][BIAS_BITS:].as_signed())
        m.d.comb += [self.output.payload.count.eq(tiles.count), self.output.payload.response.eq(tiles.response)]
        return m
