"""Samples on their way in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import pack, receive, simulate, unpack

from bsff_hw.host.samples import DEPTH, SampleStore


async def write(context: Any, dut: SampleStore, words: list[int], rng: np.random.Generator) -> None:
    for word in words:
        while rng.random() < 0.2:
            await context.tick()
        context.set(dut.data, word)
        context.set(dut.write, 1)
        await context.tick()
        context.set(dut.write, 0)


async def begin(context: Any, dut: SampleStore, label: int) -> None:
    context.set(dut.data, label)
    context.set(dut.begin, 1)
    await context.tick()
    context.set(dut.begin, 0)


@pytest.mark.parametrize("pixels", [1, 3, 4, 10, 64])
@pytest.mark.parametrize("idle", [0.0, 0.8])
def test_samples_come_in_order(pixels: int, idle: float, rng: np.random.Generator) -> None:
    """Some are begun twice or dropped half written; those must leave no trace."""
    dut = SampleStore(pixels)
    samples = rng.integers(0, 256, (12, pixels))
    labels = rng.integers(10, size=len(samples)).tolist()
    words = [[pack(s[i : i + 4], 8) for i in range(0, pixels, 4)] for s in samples]

    async def host(context: Any) -> None:
        for label, own in zip(labels, words, strict=True):
            while context.get(dut.space) == 0:
                await context.tick()
            kind = int(rng.integers(3))
            if kind == 1:  # begun, half written, begun again
                await begin(context, dut, 9 - label)
                await write(context, dut, [0xDEADBEEF] * (len(own) - 1), rng)
            elif kind == 2:  # dropped: what follows has no label
                await begin(context, dut, 9 - label)
                await write(context, dut, [0xDEADBEEF] * (len(own) - 1), rng)
                context.set(dut.drop, 1)
                await context.tick()
                context.set(dut.drop, 0)
                await write(context, dut, [0xDEADBEEF] * 2, rng)
            await begin(context, dut, label)
            await write(context, dut, own, rng)
            if rng.random() < 0.3:
                await write(context, dut, [0xDEADBEEF], rng)  # queued already

    async def take(context: Any) -> None:
        expected = [int(p) | label << 8 for s, label in zip(samples, labels, strict=True) for p in s]
        assert await receive(context, dut.output, len(expected), rng, idle) == expected
        for _ in range(3):
            assert not context.get(dut.output.valid)
            assert context.get(dut.space) == DEPTH
            await context.tick()

    simulate(dut, host, take)


def test_space_and_what_comes_without_it(rng: np.random.Generator) -> None:
    dut = SampleStore(4)

    async def bench(context: Any) -> None:
        for number in range(DEPTH):
            assert context.get(dut.space) == DEPTH - number
            await begin(context, dut, number)
            assert context.get(dut.space) == DEPTH - number
            await write(context, dut, [number * 0x01010101], rng)
        assert context.get(dut.space) == 0
        await write(context, dut, [0xFFFFFFFF], rng)
        await begin(context, dut, 0)  # the label of the oldest: see the next test
        await write(context, dut, [0xFFFFFFFF], rng)
        assert context.get(dut.space) == 0
        seen = await receive(context, dut.output, 4 * DEPTH, rng)
        assert seen == [n | n << 8 for n in range(DEPTH) for _ in range(4)]
        await context.tick()
        assert context.get(dut.space) == DEPTH

    simulate(dut, bench)


def test_a_label_without_space_changes_no_sample_that_waits(rng: np.random.Generator) -> None:
    dut = SampleStore(4)

    async def bench(context: Any) -> None:
        for number in range(DEPTH):
            await begin(context, dut, number)
            await write(context, dut, [number], rng)
        assert context.get(dut.space) == 0
        await begin(context, dut, 9)
        seen = await receive(context, dut.output, 4 * DEPTH, rng)
        assert [word >> 8 for word in seen[::4]] == list(range(DEPTH))

    simulate(dut, bench)


def test_four_pixels_in_five_cycles(rng: np.random.Generator) -> None:
    dut = SampleStore(10)
    taken: list[int] = []

    async def bench(context: Any) -> None:
        for _ in range(2):
            await begin(context, dut, 1)
            await write(context, dut, [1, 2, 3], rng)
        context.set(dut.output.ready, 1)
        for cycle in range(30):
            taken.extend([cycle] * context.get(dut.output.valid))
            await context.tick()

    simulate(dut, bench)
    assert taken == [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 13, 14, 15, 16, 18, 19, 20, 21, 23, 24]


def test_a_pixel_is_a_byte_of_its_word(rng: np.random.Generator) -> None:
    dut = SampleStore(4)

    async def bench(context: Any) -> None:
        await begin(context, dut, 7)
        await write(context, dut, [0x04030201], rng)
        assert [unpack(w, 8, 2) for w in await receive(context, dut.output, 4, rng)] == [[i, 7] for i in (1, 2, 3, 4)]

    simulate(dut, bench)
