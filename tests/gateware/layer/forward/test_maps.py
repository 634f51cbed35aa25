"""The input map, kept in two orders, and the window that slides over it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import beats_of, layer_plan, map_shape, pack, random_map, refusal, send, simulate, unary, unpack
from seeds import rng_for

from bsff.golden import taps
from bsff_hw.block.slots import SLOTS
from bsff_hw.layer.forward.maps import MapStore
from bsff_hw.layer.forward.window import Window
from bsff_hw.parts.channels import ChannelMemory
from bsff_hw.plan import LayerPlan

CONV = {"channels": 10, "kernel": 2, "padding": 0}
FIRST = {"channels": 20, "kernel": 1, "padding": 0}
GROUPED = {"channels": 20, "kernel": 1, "padding": 0, "groups": 10}


def plans() -> dict[str, LayerPlan]:
    return {
        "one beat a pixel": layer_plan(CONV, pixels=(5, 4, 1)),
        "one beat of planes": layer_plan(CONV, pixels=(3, 5, 1), encoding="bitplanes", planes=3),
        "colours": layer_plan(CONV, pixels=(4, 3, 3), encoding="thermometer", levels=[60, 120]),
        "one pixel": layer_plan({**CONV, "kernel": 1}, pixels=(1, 1, 1)),
        "one row": layer_plan({**CONV, "padding": 1}, pixels=(1, 5, 1)),
        "counts": layer_plan({**FIRST, "tile": 3, "tiles": 5}, CONV, pixels=(3, 3, 1)),
        "four rows at a time": layer_plan(CONV, pixels=(14, 2, 1)),
        "groups in turn": layer_plan({**FIRST, "tile": 2, "tiles": 1}, GROUPED, pixels=(3, 4, 1)),
        "groups in pairs": layer_plan({**FIRST, "tiles": 2}, {**GROUPED, "lanes": 4}, pixels=(5, 3, 1)),
        "half of the groups": layer_plan({**FIRST, "tiles": 1}, {**GROUPED, "lanes": 10}, pixels=(3, 2, 1)),
        "all groups": layer_plan({**FIRST, "tile": 2, "tiles": 2}, {**GROUPED, "lanes": 20}, pixels=(2, 2, 1)),
        "dense": layer_plan({**FIRST, "tile": 2}, {"kind": "dense", "channels": 10}, pixels=(2, 3, 1)),
    }


PLANS = plans()


def planes_of(plan: LayerPlan, counts: np.ndarray, part: int, row: int, beat: int) -> int:
    """The rows of a part's beat: bit x of plane ``unit * levels + level`` says whether the count there exceeds it."""
    turn, own = divmod(beat, plan.group_in // plan.beat)
    first = (turn * plan.parts + part) * plan.group_in + own * plan.beat
    word = []
    for channel in range(first, first + plan.beat):
        word += [pack(counts[row, :, channel] > level, 1) for level in range(plan.levels)]
    return pack(word, plan.width)


@pytest.mark.parametrize("idle", [0.0, 0.4])
@pytest.mark.parametrize("name", PLANS)
def test_maps_are_kept_in_both_orders(name: str, idle: float, seed: int) -> None:
    plan = PLANS[name]
    rng = rng_for(name, seed)
    maps = [random_map(rng, map_shape(plan), plan.levels) for _ in range(6)]
    labels = rng.integers(10, size=len(maps)).tolist()
    dut = MapStore(plan)
    count, word = plan.beats_in // plan.parts, plan.beat * plan.levels * plan.width
    each = len(Value.cast(dut.planes.address.rows)) // plan.gathered

    async def feed(context: Any) -> None:
        for counts, label in zip(maps, labels, strict=True):
            await send(context, dut.input, beats_of(counts, plan.beat, plan.levels, label), rng, idle)

    async def read(context: Any) -> None:
        for counts, label in zip(maps, labels, strict=True):
            while not context.get(dut.full):
                await context.tick()
            if rng.random() < 0.5:  # until both slots are full
                for _ in range(3 * len(beats_of(counts, plan.beat, plan.levels))):
                    await context.tick()
            assert context.get(dut.label) == label
            assert context.get(dut.ones) == counts.sum()
            for place in rng.permutation(plan.height * plan.width):
                context.set(dut.pixels.enable, 1)
                context.set(dut.pixels.address, int(place))
                await context.tick()
                context.set(dut.pixels.enable, 0)
                context.set(dut.pixels.address, 0)
                assert context.get(dut.pixels.word) == unary(counts[divmod(place, plan.width)], plan.levels)
                if rng.random() < 0.1:  # the port holds what it read
                    await context.tick()
                    assert context.get(dut.pixels.word) == unary(counts[divmod(place, plan.width)], plan.levels)
            for beat in range(count):
                for _ in range(plan.height):
                    # any row of each memory
                    rows = [
                        int(rng.choice(np.arange(own, max(plan.height, own + 1), plan.gathered)))
                        for own in range(plan.gathered)
                    ]
                    context.set(dut.planes.enable, 1)
                    context.set(Value.cast(dut.planes.address.rows), pack([row // plan.gathered for row in rows], each))
                    context.set(dut.planes.address.beat, beat)
                    await context.tick()
                    shown = unpack(context.get(Value.cast(dut.planes.word)), word, plan.gathered * plan.parts)
                    for part, (own, row) in itertools.product(range(plan.parts), enumerate(rows)):
                        if row < plan.height:
                            assert shown[plan.gathered * part + own] == planes_of(plan, counts, part, row, beat)
            context.set(dut.release, 1)
            await context.tick()
            context.set(dut.release, 0)
        assert not context.get(dut.full)

    simulate(dut, feed, read)


def test_a_beat_a_cycle_until_both_slots_are_full(rng: np.random.Generator) -> None:
    plan = PLANS["counts"]
    dut = MapStore(plan)
    words = beats_of(random_map(rng, map_shape(plan), plan.levels), plan.beat, plan.levels)

    async def bench(context: Any) -> None:
        context.set(dut.input.valid, 1)
        for number in range(SLOTS * len(words)):
            assert context.get(dut.input.ready)
            assert context.get(dut.full) == (number >= len(words))
            context.set(Value.cast(dut.input.payload), words[number % len(words)])
            await context.tick()
        for _ in range(3):
            assert not context.get(dut.input.ready)
            await context.tick()
        context.set(dut.release, 1)
        await context.tick()
        assert context.get(dut.input.ready)

    simulate(dut, bench)


# ---- window

WINDOWS = {
    "kernel 1": layer_plan({"channels": 10, "kernel": 1, "padding": 0}, pixels=(3, 4, 1)),
    "kernel 2": layer_plan({"channels": 10, "kernel": 2, "padding": 0}, pixels=(4, 3, 2)),
    "kernel 2, padding 1": layer_plan({"channels": 10, "kernel": 2, "padding": 1}, pixels=(2, 3, 1)),
    "kernel 3, padding 1": layer_plan({"channels": 10, "kernel": 3, "padding": 1}, pixels=(3, 5, 1)),
    "kernel 3, padding 2": layer_plan({"channels": 10, "kernel": 3, "padding": 2}, pixels=(2, 2, 1)),
    "one row": layer_plan({"channels": 10, "kernel": 5, "padding": 2}, pixels=(1, 7, 2)),
    "kernel 5, padding 2": layer_plan({"channels": 10, "kernel": 5, "padding": 2}, pixels=(5, 4, 1)),
    "kernel 5, padding 3": layer_plan({"channels": 10, "kernel": 5, "padding": 3}, pixels=(3, 3, 1)),
    "kernel 5, padding 0": layer_plan({"channels": 10, "kernel": 5, "padding": 0}, pixels=(6, 5, 1)),
    "counts": layer_plan({**FIRST, "channels": 10, "tile": 3}, {"channels": 10, "kernel": 3}, pixels=(3, 3, 1)),
    "dense": layer_plan(FIRST, {"kind": "dense", "channels": 10}, pixels=(2, 2, 1)),
}


def slide(plan: LayerPlan, maps: list[np.ndarray], rng: np.random.Generator, idle: int) -> list[list[int]]:
    """Show maps to a window; the cycles, after each start, in which windows were taken. `idle`: longest time of use."""
    dut = Window(plan)
    pixels: list[int] = []
    cycles: list[list[int]] = []

    async def port(context: Any) -> None:
        while True:
            *_, enable, address = await context.tick().sample(dut.pixels.enable, dut.pixels.address)
            if enable:
                context.set(dut.pixels.word, pixels[address])
            else:
                context.set(dut.pixels.word, int(rng.integers(2)))  # nobody looks

    async def bench(context: Any) -> None:
        for counts in maps:
            pixels[:] = [unary(p, plan.levels) for p in counts.reshape(-1, plan.channels_in)]
            # each channel a group: `gather` gives the taps of one in the order of the kernel
            every = taps.gather(counts[None], plan.shape)[0, 0]
            cycles.append([])
            cycle = 0
            context.set(dut.start, 1)
            await context.tick()
            context.set(dut.start, 0)
            for window in every:
                while not context.get(dut.windows.valid):
                    await context.tick()
                    cycle += 1
                for _ in range(int(rng.integers(idle + 1))):
                    await context.tick()
                    cycle += 1
                    assert context.get(dut.windows.valid)
                assert context.get(dut.windows.payload) == unary(window, plan.levels)
                cycles[-1].append(cycle)
                context.set(dut.windows.ready, 1)
                await context.tick()
                cycle += 1
                context.set(dut.windows.ready, 0)
            for _ in range(plan.kernel[0] + 3):
                assert not context.get(dut.windows.valid)
                await context.tick()

    simulate(dut, bench, background=[port])
    return cycles


@pytest.mark.parametrize("name", WINDOWS)
def test_window_at_every_position(name: str, seed: int) -> None:
    plan = WINDOWS[name]
    rng = rng_for(name, seed)
    maps = [random_map(rng, map_shape(plan), plan.levels) for _ in range(3)]
    maps.append(np.full(map_shape(plan), plan.levels))
    slide(plan, maps, rng, idle=2 * max(plan.kernel) + 4)


@pytest.mark.parametrize("name", WINDOWS)
def test_columns_take_what_is_claimed(name: str, rng: np.random.Generator) -> None:
    """Taken at once, a window comes in two cycles more than the kernel has rows, after the columns that begin a row."""
    plan = WINDOWS[name]
    column, wide = plan.kernel[0] + 2, plan.kernel[1]
    (cycles,) = slide(plan, [random_map(rng, map_shape(plan), plan.levels)], rng, idle=0)
    width = plan.shape.conv[1]
    row = width + wide - 1
    expected = [(y * row + wide + x) * column for y in range(plan.shape.conv[0]) for x in range(width)]
    assert [c - cycles[0] for c in cycles] == [e - expected[0] for e in expected]
    assert cycles[0] == expected[0]


def test_the_next_column_waits_while_a_window_is_in_use() -> None:
    plan = WINDOWS["kernel 3, padding 1"]
    dut = Window(plan)

    async def bench(context: Any) -> None:
        context.set(dut.start, 1)
        await context.tick()
        context.set(dut.start, 0)
        width = plan.shape.conv[1]
        for x in range(width):
            for _ in range((plan.kernel[1] + 1) * (plan.kernel[0] + 2)):
                await context.tick()
            assert context.get(dut.windows.valid)
            context.set(dut.windows.ready, 1)
            await context.tick()
            context.set(dut.windows.ready, 0)
            assert context.get(dut.windows.valid) == (x < width - 1)  # then a row ends

    simulate(dut, bench)


# ---- a word a channel


@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize(("channels", "units"), [(10, 1), (10, 5), (10, 10)])
def test_channel_memory(channels: int, units: int, transparent: bool, rng: np.random.Generator) -> None:
    dut = ChannelMemory(channels, units, 7, transparent=transparent)
    words = np.zeros((channels // units, units), int)

    async def bench(context: Any) -> None:
        shown = [0] * units
        for _ in range(200):
            enable, read, write = rng.integers(2), *rng.integers(channels // units, size=2)
            mask, new = rng.integers(2, size=units), rng.integers(2**7, size=units)
            context.set(dut.read.enable, int(enable))
            context.set(dut.read.address, int(read))
            context.set(dut.write.address, int(write))
            context.set(dut.write.mask, pack(mask, 1))
            context.set(Value.cast(dut.write.words), pack(new, 7))
            before = words[read].copy()
            words[write] = np.where(mask, new, words[write])
            await context.tick()
            if enable:
                shown = (words[read] if transparent else before).tolist()
            assert unpack(context.get(Value.cast(dut.read.word)), 7, units) == shown

    simulate(dut, bench)


def test_channel_memory_refuses() -> None:
    assert refusal(ChannelMemory, 10, 3, 8) == "channels = 10: expected a multiple of units = 3"
