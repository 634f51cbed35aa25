"""The sites that a tap reaches, chunk by chunk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import map_shape, pack, random_map, send, simulate, unpack
from update_maps import CASES, packed_pass, passes_of

from bsff_hw.layer.learning.sites import Sites
from bsff_hw.plan import LayerPlan

every = pytest.mark.parametrize("case", CASES, indirect=True)


def input_at(plan: LayerPlan, counts: np.ndarray, at: dict[str, int], part: int) -> np.ndarray:
    """The input of a pass at every position (height, width) before the pool."""
    group_beats = plan.group_in // plan.beat
    group = at["beat"] // group_beats * plan.parts + part
    channel = group * plan.group_in + at["beat"] % group_beats * plan.beat + at["unit"]
    padded = np.pad(counts[..., channel], [(side, side) for side in plan.padding])
    height, width = plan.shape.conv[:2]
    return padded[at["ky"] : at["ky"] + height, at["kx"] : at["kx"] + width]


def chunks_of(plan: LayerPlan, bits: np.ndarray) -> list[int]:
    """The words of a map of bits: sites in raster order, those of a pool's window side by side, then zeros."""
    if plan.pooled:
        (h, w), (high, wide) = plan.shape.output[:2], plan.pool
        bits = bits[: high * h, : wide * w].reshape(h, high, w, wide).transpose(0, 2, 1, 3)
    size = plan.chunk_sites * plan.site_bits
    return [pack(bits.ravel()[i * size : (i + 1) * size], 1) for i in range(plan.chunks)]


def plane_words(plan: LayerPlan, counts: np.ndarray, row: int, beat: int, part: int) -> int:
    """What `maps.MapStore` shows of a row; rows that are not there hold anything."""
    group_beats = plan.group_in // plan.beat
    group = beat // group_beats * plan.parts + part
    first = group * plan.group_in + beat % group_beats * plan.beat
    planes = []
    for channel in range(first, first + plan.beat):
        for level in range(plan.levels):
            planes.append(pack(counts[row, :, channel] > level if row < plan.height else [1] * plan.width, 1))
    return pack(planes, plan.width)


@every
def test_sites(case: LayerPlan, rng: np.random.Generator) -> None:
    plan = case
    counts = random_map(rng, map_shape(plan), plan.levels)
    dut = Sites(plan)
    every_pass = list(passes_of(plan))
    chosen = [every_pass[i] for i in sorted(rng.permutation(len(every_pass))[:25])]
    each = len(Value.cast(dut.planes.address.rows)) // plan.gathered

    async def planes(context: Any) -> None:
        while True:
            *_, rows, beat, enable = await context.tick().sample(
                Value.cast(dut.planes.address.rows), dut.planes.address.beat, dut.planes.enable
            )
            if not enable:
                continue
            words = []
            for part in range(plan.parts):
                for own, row in enumerate(unpack(rows, each, plan.gathered)):
                    words.append(plane_words(plan, counts, plan.gathered * row + own, beat, part))
            context.set(Value.cast(dut.planes.word), pack(words, plan.beat * plan.levels * plan.width))

    async def feed(context: Any) -> None:
        await send(context, dut.passes, [packed_pass(plan, at) for at in chosen], rng, 0.3)

    async def take(context: Any) -> None:
        for at in chosen:
            inputs = [input_at(plan, counts, at, part) for part in range(plan.parts)]
            for level in range(plan.levels):
                words = [chunks_of(plan, x > level) for x in inputs]
                for chunk in range(plan.chunks):
                    while not context.get(dut.chunks.valid):
                        await context.tick()
                    expected = pack((w[chunk] for w in words), plan.chunk_sites * plan.site_bits)
                    for _ in range(int(rng.integers(2 * plan.gather_cycles + 4))):
                        assert context.get(dut.chunks.valid)
                        assert context.get(Value.cast(dut.chunks.payload.inputs)) == expected
                        assert (
                            context.get(dut.chunks.payload.base)
                            == (at["fold"] * plan.chunks + chunk) * plan.chunk_depth
                        )
                        assert context.get(dut.chunks.payload.first) == (level == 0 and chunk == 0)
                        assert context.get(dut.chunks.payload.last) == (
                            level == plan.levels - 1 and chunk == plan.chunks - 1
                        )
                        await context.tick()
                    context.set(dut.chunks.ready, 1)
                    await context.tick()
                    context.set(dut.chunks.ready, 0)

    simulate(dut, feed, take, background=[planes])


@every
def test_a_chunk_takes_what_is_claimed(case: LayerPlan) -> None:
    """Taken at once, a chunk comes every gather_cycles, the first two cycles later."""
    dut = Sites(case)
    seen = []

    async def bench(context: Any) -> None:
        context.set(dut.passes.valid, 1)
        for cycle in range(12 * (case.gather_cycles + 3)):
            valid = context.get(dut.chunks.valid)
            context.set(dut.chunks.ready, valid)
            if valid:
                seen.append(cycle)
            await context.tick()

    simulate(dut, bench)
    assert len(seen) >= 10
    assert seen == [(i + 1) * case.gather_cycles + 2 for i in range(len(seen))]
