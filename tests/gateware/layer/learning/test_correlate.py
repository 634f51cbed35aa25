"""The sums of the update: cycles of a chunk, and the sums against the product of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from hw_helpers import beats_of, map_shape, pack, random_map, send, simulate, unpack
from update_maps import CASES, passes_of, responses_of

from bsff.golden import taps
from bsff_hw.interfaces import beats
from bsff_hw.layer.forward.maps import MapStore
from bsff_hw.layer.forward.pool import leaving_signature
from bsff_hw.layer.learning.correlate import Correlate, change_sums_layout
from bsff_hw.layer.learning.passes import Passes
from bsff_hw.layer.learning.response import ResponseMap
from bsff_hw.layer.learning.sites import Sites
from bsff_hw.plan import LayerPlan

every = pytest.mark.parametrize("case", CASES, indirect=True)


@every
def test_a_chunk_takes_its_busiest_bank(case: LayerPlan, rng: np.random.Generator) -> None:
    """Chunks always there, at least two to a pass, sums always taken: each costs the most active sites of a bank, and sums come six cycles on."""
    plan = case
    dut = Correlate(plan)
    size = plan.chunk_sites * plan.site_bits
    inputs, lasts, costs = [], [], []
    for i in range(20):
        sites = random_map(rng, (plan.parts, plan.chunk_sites, plan.site_bits), 1)
        active = sites.any(-1)
        inputs.append(pack((pack(s.ravel(), 1) for s in sites), size))
        costs.append(max(1, *(int(a[b :: plan.site_banks].sum()) for a in active for b in range(plan.site_banks)), 1))
        lasts.append(i == 19 or (i % 2 == 1 and bool(rng.random() < 0.7)))
    loaded, valid_at = [], []

    async def bench(context: Any) -> None:
        context.set(dut.sums.ready, 1)
        context.set(dut.chunks.valid, 1)
        cycle = 0
        while len(valid_at) < sum(lasts):
            number = len(loaded)
            context.set(dut.chunks.valid, number < len(inputs))
            if number < len(inputs):
                context.set(Value.cast(dut.chunks.payload.inputs), inputs[number])
                context.set(dut.chunks.payload.last, lasts[number])
            if number < len(inputs) and context.get(dut.chunks.ready):
                loaded.append(cycle)
            if context.get(dut.sums.valid):
                valid_at.append(cycle)
            await context.tick()
            cycle += 1

    simulate(dut, bench)
    ends = np.cumsum(costs)  # the last cycle of each, where the first is loaded in cycle 0
    assert loaded == [0, *ends[:-1]]
    assert valid_at == [end + 6 for end, last in zip(ends, lasts, strict=True) if last]


class Path(wiring.Component):
    """Everything between the two maps and the sums, joined as in `learning.Learning`."""

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        super().__init__(
            {
                "input": In(beats(plan.beat * plan.levels)),
                "full": Out(1),
                "release": In(1),
                "begin": In(1),
                "leaving": In(leaving_signature(plan)),
                "start": In(1),
                "sums": Out(stream.Signature(change_sums_layout(plan))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        plan = self._plan
        m.submodules.maps = maps = MapStore(plan)
        m.submodules.passes = passes = Passes(plan)
        m.submodules.sites = sites = Sites(plan)
        m.submodules.responses = responses = ResponseMap(plan)
        m.submodules.correlate = correlate = Correlate(plan)
        connect(m, flipped(self.input), maps.input)
        connect(m, flipped(self.leaving), responses.leaving)
        connect(m, passes.passes, sites.passes)
        connect(m, sites.planes, maps.planes)
        connect(m, sites.chunks, correlate.chunks)
        connect(m, correlate.words, responses.words)
        connect(m, correlate.sums, flipped(self.sums))
        m.d.comb += [
            self.full.eq(maps.full),
            maps.release.eq(self.release),
            responses.begin.eq(self.begin),
            passes.start.eq(self.start),
        ]
        return m


def sums_of(plan: LayerPlan, counts: np.ndarray, response: np.ndarray, winner: np.ndarray) -> np.ndarray:
    """S (groups, taps, channels of a group), as in `golden.update.update`."""
    height, width, channels = plan.shape.conv
    spread = np.zeros((height, width, channels), int)
    if plan.pooled:
        w, (high, wide) = plan.shape.output[1], plan.pool
        for site, channel in np.ndindex(response.shape):
            y, x = divmod(site, w)
            dy, dx = divmod(int(winner[site, channel]), wide)
            spread[high * y + dy, wide * x + dx, channel] = response[site, channel]
    else:
        spread[:] = response.reshape(spread.shape)
    active = taps.gather(counts[None].reshape(1, *plan.shape.inputs), plan.shape)[0]
    grouped = spread.reshape(-1, plan.groups, plan.shape.group_channels).transpose(1, 0, 2)
    return np.matmul(active.transpose(0, 2, 1), grouped)


@every
def test_sums_are_those_of_the_model(case: LayerPlan, rng: np.random.Generator) -> None:
    plan = case
    dut = Path(plan)

    async def bench(context: Any) -> None:
        for full in (False, True):
            counts = random_map(rng, map_shape(plan), plan.levels)
            if full:
                counts[:] = plan.levels
            response, winner, words = responses_of(plan, rng, full=full)
            await send(context, dut.input, beats_of(counts, plan.beat, plan.levels), rng)
            context.set(dut.begin, 1)
            await context.tick()
            context.set(dut.begin, 0)
            for word in words:
                context.set(dut.leaving.payload.as_value(), word)
                context.set(dut.leaving.valid, 1)
                await context.tick()
            context.set(dut.leaving.valid, 0)
            context.set(dut.start, 1)
            await context.tick()
            context.set(dut.start, 0)
            expected = sums_of(plan, counts, response, winner)
            for at in passes_of(plan):
                while True:
                    ready = bool(context.get(dut.sums.valid) and rng.random() < 0.5)  # as `rows.Rows`, never before
                    context.set(dut.sums.ready, ready)
                    *_, valid, sums = await context.tick().sample(dut.sums.valid, Value.cast(dut.sums.payload))
                    if valid and ready:
                        break
                tap = (at["ky"] * plan.kernel[1] + at["kx"]) * plan.group_in
                tap += at["beat"] % (plan.group_in // plan.beat) * plan.beat + at["unit"]
                turn, inner = divmod(at["fold"], plan.inner)
                rows = expected[turn * plan.parts : (turn + 1) * plan.parts, tap]
                own = rows[:, inner * plan.row_lanes : (inner + 1) * plan.row_lanes]
                assert unpack(sums, plan.change_width, plan.lanes) == own.ravel().tolist()
            context.set(dut.release, 1)
            await context.tick()
            context.set(dut.release, 0)

    simulate(dut, bench)
