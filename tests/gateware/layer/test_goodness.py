"""Tallies of a map, and the goodness that its running means leave of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module, Mux, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, connect, flipped
from hw_helpers import layer_plan, pack, random_map, simulate, unary, unpack
from seeds import rng_for

from bsff.contract.formats import MEAN_BITS, SCALE_WIDTH
from bsff.golden import goodness
from bsff_hw.block.verdict import scores_signature
from bsff_hw.layer.forward.pool import leaving_signature
from bsff_hw.layer.goodness import Goodness, mean_signature
from bsff_hw.layer.tally import Tally, tally_layout
from bsff_hw.parts.channels import channel_read_signature
from bsff_hw.plan import LayerPlan

ONE = {"channels": 10, "kernel": 1, "padding": 0}
PLANS = {
    "a channel a class": layer_plan({**ONE, "tiles": 1, "momentum_shift": 1}, pixels=(2, 3, 1)),
    "one beat": layer_plan({**ONE, "channels": 20, "tiles": 20, "tile": 3, "momentum_shift": 4}, pixels=(3, 3, 1)),
    "two beats, pool": layer_plan({**ONE, "tiles": 5, "tile": 2, "pool": 2, "momentum_shift": 8}, pixels=(5, 4, 1)),
    "folds": layer_plan({**ONE, "channels": 30, "lanes": 6, "tiles": 3, "momentum_shift": 12}, pixels=(1, 2, 1)),
    "two classes": layer_plan({**ONE, "channels": 6, "tiles": 3}, pixels=(1, 4, 1), classes=2),
    "no means": layer_plan({**ONE, "tiles": 2, "normalisation": "none"}, pixels=(2, 2, 1)),
    "dense": layer_plan(ONE, {"kind": "dense", "channels": 40, "tile": 15, "tiles": 4}, pixels=(1, 2, 1)),
}


class Judge(wiring.Component):
    """Tally and goodness, joined as in `layer.Layer`; the tallies are shown while nothing is judged."""

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        super().__init__(
            {
                "begin": In(1),
                "leaving": In(leaving_signature(plan)),
                "scores": In(scores_signature(plan.logit_width, plan.classes)),
                "learn": In(1),
                "scale": In(SCALE_WIDTH),
                "means": In(mean_signature(plan)),
                "tallies": In(channel_read_signature(plan.beats, plan.tiles, tally_layout(plan))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.tally = tally = Tally(self._plan)
        m.submodules.goodness = goodness = Goodness(self._plan)
        for name in ("scores", "means"):
            connect(m, flipped(getattr(self, name)), getattr(goodness, name))
        connect(m, flipped(self.leaving), tally.leaving)
        address = Mux(goodness.scanning, goodness.tallies.address, self.tallies.address)
        m.d.comb += [
            tally.begin.eq(self.begin),
            tally.tallies.address.eq(address),
            goodness.tallies.word.eq(tally.tallies.word),
            self.tallies.word.eq(tally.tallies.word),
            goodness.learn.eq(self.learn),
            goodness.scale.eq(self.scale),
        ]
        return m


@pytest.mark.parametrize("name", PLANS)
def test_goodness(name: str, seed: int) -> None:
    """Maps one after another, learning or not, with means of the host's and at both ends."""
    plan = PLANS[name]
    rng = rng_for(name, seed)
    dut = Judge(plan)
    config, most = plan.shape.config, plan.shape.outputs * plan.tile
    running = config.normalisation == "running"
    mean = rng.integers(0, (most << MEAN_BITS) + 1, plan.channels) if running else np.zeros(plan.channels, int)
    if running:
        mean[0], mean[-1] = most << MEAN_BITS, 0
    size = plan.tiles * plan.tile

    async def tally(context: Any, count: np.ndarray, response: np.ndarray) -> None:
        context.set(dut.begin, 1)
        await context.tick()
        context.set(dut.begin, 0)
        for n, d in zip(count.reshape(-1, plan.tiles), response.reshape(-1, plan.tiles), strict=True):
            context.set(dut.leaving.valid, 1)
            word = unary(n, plan.tile) | pack(d, plan.response_width) << size
            context.set(Value.cast(dut.leaving.payload), word)
            await context.tick()
            context.set(dut.leaving.valid, 0)
            while rng.random() < 0.2:
                await context.tick()
        await context.tick()  # the last is being written

    async def judge(context: Any, *, learn: bool) -> list[int]:
        context.set(dut.learn, learn)
        context.set(dut.scores.start, 1)
        await context.tick()
        context.set(dut.scores.start, 0)
        cycles = 1
        while not context.get(dut.scores.done):
            await context.tick()
            cycles += 1
        assert cycles == plan.channels + 8  # a channel a cycle, and eight to the last logit
        shown = []
        for c in range(plan.classes):
            context.set(dut.scores.number, c)
            shown.append(context.get(dut.scores.logit))
        return shown

    async def bench(context: Any) -> None:
        for channel, value in enumerate(mean):
            context.set(dut.means.address, channel)
            context.set(dut.means.data, int(value))
            context.set(dut.means.write, 1)
            await context.tick()
        context.set(dut.means.write, 0)
        for number in range(6):
            count = random_map(rng, plan.shape.output, plan.tile)
            response = random_map(rng, plan.shape.output, plan.tile)
            if number == 0:  # the largest
                count[:], response[:] = plan.tile, plan.tile
            elif number == 1:
                count[:], response[:] = 0, 0
            scale = int(rng.choice([1, 2**SCALE_WIDTH - 1, rng.integers(1, 2**SCALE_WIDTH)]))
            learn = bool(rng.integers(2)) or number == 0
            context.set(dut.scale, scale)
            await tally(context, count, response)
            totals, responses = count.sum((0, 1)), response.sum((0, 1))
            difference = goodness.centred(totals, mean)
            assert (
                await judge(context, learn=learn) == goodness.logits(difference, np.array(scale), plan.classes).tolist()
            )
            if learn and running:
                mean[:] = goodness.average(mean, difference, config.momentum_shift)
            await context.tick()
            for beat in range(plan.beats):
                context.set(dut.tallies.address, beat)
                await context.tick()
                shown = unpack(context.get(Value.cast(dut.tallies.word)), plan.count_width, 2 * plan.tiles)
                own = slice(beat * plan.tiles, (beat + 1) * plan.tiles)
                assert shown == np.stack([totals[own], responses[own]], 1).ravel().tolist()
            for channel in rng.permutation(plan.channels)[:5]:
                context.set(dut.means.address, int(channel))
                await context.tick()
                await context.tick()
                assert context.get(dut.means.read) == mean[channel]

    simulate(dut, bench)
