"""The sums of the update: order of the passes, sites that a tap reaches, kept responses, and their product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from amaranth.hdl import Module, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from hw_helpers import beats_of, layer_plan, map_shape, pack, random_map, send, simulate, unpack

import bsff_hw.plan.layer
from bsff.golden import taps
from bsff_hw.interfaces import beats
from bsff_hw.layer.forward.maps import MapStore
from bsff_hw.layer.forward.pool import leaving_signature
from bsff_hw.layer.learning.correlate import Correlate, change_sums_layout
from bsff_hw.layer.learning.passes import Passes, pass_layout
from bsff_hw.layer.learning.response import ResponseMap, site_layout
from bsff_hw.layer.learning.sites import Sites
from bsff_hw.plan import LayerPlan

FIRST = {"channels": 20, "kernel": 1, "padding": 0}
PLAIN = {"channels": 10, "kernel": 3, "padding": 1}


class Case(NamedTuple):
    """A plan, and the most sites that are listed at a time."""

    plan: LayerPlan
    sites: int = 256


CASES = {
    "positions": Case(layer_plan(PLAIN, pixels=(4, 3, 1))),
    "odd rows, banks": Case(layer_plan({**PLAIN, "update_banks": 4}, pixels=(5, 3, 1))),
    "kernel 1": Case(layer_plan({**FIRST, "tile": 2}, pixels=(3, 4, 1), encoding="bitplanes", planes=3)),
    "kernel 2": Case(layer_plan({**PLAIN, "kernel": 2, "padding": 1, "lanes": 5}, pixels=(3, 2, 1))),
    "kernel 3, padding 2": Case(layer_plan({**PLAIN, "padding": 2, "update_banks": 5}, pixels=(2, 3, 1)), 10),
    "kernel 5": Case(layer_plan({**PLAIN, "kernel": 5, "padding": 2, "tiles": 2}, pixels=(3, 4, 1))),
    "kernel 5, padding 3": Case(layer_plan({**PLAIN, "kernel": 5, "padding": 3}, pixels=(2, 3, 1)), 8),
    "chunks": Case(layer_plan({**PLAIN, "update_banks": 3}, pixels=(7, 3, 1)), 6),
    "chunks end past the map": Case(layer_plan({**PLAIN, "update_banks": 2}, pixels=(10, 2, 1)), 8),
    "pool, chunks end past the sites": Case(layer_plan({**PLAIN, "pool": 2}, pixels=(7, 4, 1)), 4),
    "pool": Case(layer_plan({**PLAIN, "pool": 2, "update_banks": 2}, pixels=(5, 5, 1))),
    "pool, kernel 2, counts": Case(
        layer_plan({**FIRST, "channels": 10, "tile": 3}, {**PLAIN, "kernel": 2, "pool": 2, "tile": 2}, pixels=(4, 3, 1))
    ),
    "pool, chunks": Case(layer_plan({**PLAIN, "pool": 2, "tile": 3, "update_banks": 3}, pixels=(7, 4, 1)), 3),
    "counts": Case(layer_plan({**FIRST, "channels": 10, "tile": 2, "tiles": 5}, {**PLAIN, "kernel": 1, "padding": 0}, pixels=(3, 3, 1)), 6),
    "groups in turn": Case(layer_plan(FIRST, {**FIRST, "groups": 10, "kernel": 2, "banks": 3}, pixels=(3, 3, 1))),
    "groups in pairs": Case(
        layer_plan({**FIRST, "tile": 2, "tiles": 1}, {**FIRST, "groups": 10, "lanes": 4, "tile": 2, "pool": 2}, pixels=(3, 4, 1))
    ),
    "inner folds of groups": Case(
        layer_plan(FIRST, {**FIRST, "channels": 40, "groups": 10, "lanes": 2, "kernel": 2, "padding": 1}, pixels=(2, 2, 1)), 4
    ),
    "all groups": Case(layer_plan(FIRST, {**FIRST, "groups": 10, "lanes": 20, "update_banks": 2}, pixels=(2, 3, 1))),
    "dense": Case(layer_plan({**FIRST, "tile": 2}, {"kind": "dense", "channels": 20, "lanes": 10, "tile": 2}, pixels=(2, 1, 1))),
}  # fmt: skip


@pytest.fixture
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> LayerPlan:
    """The plan of a name, with chunks as small as it asks for."""
    plan, sites = CASES[request.param]
    monkeypatch.setattr(bsff_hw.plan.layer, "CHUNK_SITES", sites)
    assert (plan.chunks > 1) == (sites < plan.shape.positions // plan.site_bits)
    return plan


every = pytest.mark.parametrize("case", CASES, indirect=True)


def passes_of(plan: LayerPlan) -> Iterator[dict[str, int]]:
    """Every pass of an update in order: tap by tap, and all folds of each."""
    count = plan.group_in // plan.beat
    for tap in range(plan.taps):
        place, channel = divmod(tap, plan.group_in)
        for fold in range(plan.folds):
            yield {
                "ky": place // plan.kernel,
                "kx": place % plan.kernel,
                "unit": channel % plan.beat,
                "beat": fold // plan.inner * count + channel // plan.beat,
                "fold": fold,
                "bank": 1 << (tap % plan.banks),
                "address": fold * plan.rows_of_bank + tap // plan.banks,
                "tap_first": int(tap == 0),
                "tap_last": int(fold == plan.folds - 1),
                "last": int(tap == plan.taps - 1 and fold == plan.folds - 1),
            }


def packed_pass(plan: LayerPlan, fields: dict[str, int]) -> int:
    word, at = 0, 0
    for name, shape in pass_layout(plan).members.items():
        word |= fields[name] << at
        at += shape.width
    return word


@every
def test_passes(case: LayerPlan, rng: np.random.Generator) -> None:
    dut = Passes(case)

    async def bench(context: Any) -> None:
        for _ in range(2):
            assert not context.get(dut.passes.valid)
            context.set(dut.start, 1)
            await context.tick()
            context.set(dut.start, 0)
            for fields in passes_of(case):
                ready = False
                while not ready:
                    assert context.get(dut.passes.valid)
                    assert context.get(dut.passes.payload.as_value()) == packed_pass(case, fields)
                    ready = rng.random() < 0.7
                    context.set(dut.passes.ready, ready)
                    await context.tick()

    simulate(dut, bench)


# ---- sites


def input_at(plan: LayerPlan, counts: np.ndarray, at: dict[str, int], part: int) -> np.ndarray:
    """The input of a pass at every position (height, width) before the pool."""
    group_beats = plan.group_in // plan.beat
    group = at["beat"] // group_beats * plan.parts + part
    channel = group * plan.group_in + at["beat"] % group_beats * plan.beat + at["unit"]
    padded = np.pad(counts[..., channel], plan.padding)
    height, width = plan.shape.conv[:2]
    return padded[at["ky"] : at["ky"] + height, at["kx"] : at["kx"] + width]


def chunks_of(plan: LayerPlan, bits: np.ndarray) -> list[int]:
    """The words of a map of bits: sites in raster order, those of a pool's window side by side, then zeros."""
    if plan.pool == 2:
        h, w = plan.shape.output[:2]
        bits = bits[: 2 * h, : 2 * w].reshape(h, 2, w, 2).transpose(0, 2, 1, 3)
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
    half = len(Value.cast(dut.planes.address.rows)) // 2

    async def planes(context: Any) -> None:
        while True:
            *_, rows, beat, enable = await context.tick().sample(
                Value.cast(dut.planes.address.rows), dut.planes.address.beat, dut.planes.enable
            )
            if not enable:
                continue
            even, odd = unpack(rows, half, 2)
            words = []
            for part in range(plan.parts):
                words += [plane_words(plan, counts, 2 * row + i, beat, part) for i, row in enumerate((even, odd))]
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
                    for _ in range(int(rng.integers(2 * plan.chunk_rows + 4))):
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
    """Taken at once, a chunk comes every chunk_rows cycles, the first a cycle later."""
    dut = Sites(case)
    seen = []

    async def bench(context: Any) -> None:
        context.set(dut.passes.valid, 1)
        for cycle in range(12 * (case.chunk_rows + 3)):
            valid = context.get(dut.chunks.valid)
            context.set(dut.chunks.ready, valid)
            if valid:
                seen.append(cycle)
            await context.tick()

    simulate(dut, bench)
    assert len(seen) >= 10
    assert seen == [(i + 1) * case.chunk_rows + 1 for i in range(len(seen))]


# ---- responses


def responses_of(
    plan: LayerPlan, rng: np.random.Generator, *, full: bool = False
) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Responses and winners (sites, channels), random or all the largest, and the beats_of in which they come."""
    shape = (plan.shape.outputs, plan.channels)
    response = np.where(rng.random(shape) < 0.7, rng.integers(0, plan.tile + 1, shape), 0)
    if full:
        response[:] = plan.tile
    winner = rng.integers(0, plan.site_bits, response.shape)
    size = plan.tiles * (plan.tile + plan.response_width)
    words = [
        int(rng.integers(2)) | pack(d, plan.response_width) << (plan.tiles * plan.tile) | pack(w, 2) << size
        for d, w in zip(response.reshape(-1, plan.tiles), winner.reshape(-1, plan.tiles), strict=True)
    ]
    return response, winner, words


def stored(plan: LayerPlan, response: np.ndarray, winner: np.ndarray, fold: int, part: int, site: int) -> int:
    """A word of the response memory."""
    turn, inner = divmod(fold, plan.inner)
    first = ((turn * plan.parts + part) * plan.inner + inner) * plan.row_lanes
    words = []
    for channel in range(first, first + plan.row_lanes):
        words.append(int(response[site, channel]) | int(winner[site, channel]) << plan.response_width)
    return pack(words, site_layout(plan).size)


async def keep(context: Any, dut: Any, words: list[int], rng: np.random.Generator) -> None:
    """Stream a map of responses into a `ResponseMap`."""
    context.set(dut.begin, 1)
    await context.tick()
    context.set(dut.begin, 0)
    for word in words:
        context.set(Value.cast(dut.leaving.payload), word)
        context.set(dut.leaving.valid, 1)
        await context.tick()
        context.set(dut.leaving.valid, 0)
        while rng.random() < 0.2:
            context.set(Value.cast(dut.leaving.payload), 0)
            await context.tick()


@every
def test_responses_are_kept(case: LayerPlan, rng: np.random.Generator) -> None:
    plan = case
    dut = ResponseMap(plan)
    word = plan.row_lanes * site_layout(plan).size
    width = len(dut.words.address[0][0])

    async def bench(context: Any) -> None:
        for _ in range(2):
            response, winner, words = responses_of(plan, rng)
            await keep(context, dut, words, rng)
            await context.tick()
            for fold in range(plan.folds):
                for site in range(plan.shape.outputs):
                    chunk, own = divmod(site, plan.chunk_sites)
                    address = (fold * plan.chunks + chunk) * plan.chunk_depth + own // plan.site_banks
                    addresses = [address] * plan.site_banks * plan.parts
                    context.set(dut.words.enable, 1)
                    context.set(Value.cast(dut.words.address), pack(addresses, width))
                    await context.tick()
                    context.set(dut.words.enable, 0)
                    context.set(Value.cast(dut.words.address), 0)
                    if rng.random() < 0.2:
                        await context.tick()
                    shown = unpack(context.get(Value.cast(dut.words.word)), word, plan.site_banks * plan.parts)
                    for part in range(plan.parts):
                        expected = stored(plan, response, winner, fold, part, site)
                        assert shown[part * plan.site_banks + own % plan.site_banks] == expected

    simulate(dut, bench)


# ---- sums


@every
def test_a_chunk_takes_its_busiest_bank(case: LayerPlan, rng: np.random.Generator) -> None:
    """Chunks always there, sums always taken: each costs the most active sites of a bank, and sums come five cycles on."""
    plan = case
    dut = Correlate(plan)
    size = plan.chunk_sites * plan.site_bits
    inputs, lasts, costs = [], [], []
    for i in range(20):
        sites = random_map(rng, (plan.parts, plan.chunk_sites, plan.site_bits), 1)
        active = sites.any(-1)
        inputs.append(pack((pack(s.ravel(), 1) for s in sites), size))
        costs.append(max(1, *(int(a[b :: plan.site_banks].sum()) for a in active for b in range(plan.site_banks)), 1))
        lasts.append(i == 19 or bool(rng.random() < 0.5))
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
    assert valid_at == [end + 5 for end, last in zip(ends, lasts, strict=True) if last]


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
                tap = (at["ky"] * plan.kernel + at["kx"]) * plan.group_in
                tap += at["beat"] % (plan.group_in // plan.beat) * plan.beat + at["unit"]
                turn, inner = divmod(at["fold"], plan.inner)
                rows = expected[turn * plan.parts : (turn + 1) * plan.parts, tap]
                own = rows[:, inner * plan.row_lanes : (inner + 1) * plan.row_lanes]
                assert unpack(sums, plan.change_width, plan.lanes) == own.ravel().tolist()
            context.set(dut.release, 1)
            await context.tick()
            context.set(dut.release, 0)

    simulate(dut, bench)


def sums_of(plan: LayerPlan, counts: np.ndarray, response: np.ndarray, winner: np.ndarray) -> np.ndarray:
    """S (groups, taps, channels of a group), as in `golden.update.update`."""
    height, width, channels = plan.shape.conv
    spread = np.zeros((height, width, channels), int)
    if plan.pool == 2:
        w = plan.shape.output[1]
        for site, channel in np.ndindex(response.shape):
            y, x = divmod(site, w)
            dy, dx = divmod(int(winner[site, channel]), 2)
            spread[2 * y + dy, 2 * x + dx, channel] = response[site, channel]
    else:
        spread[:] = response.reshape(spread.shape)
    active = taps.gather(counts[None].reshape(1, *plan.shape.inputs), plan.shape)[0]
    grouped = spread.reshape(-1, plan.groups, plan.shape.group_channels).transpose(1, 0, 2)
    return np.matmul(active.transpose(0, 2, 1), grouped)
