"""Samples on their way in, results on their way out."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import pack, receive, send, simulate, unpack

import bsff_hw.host.results
from bsff.config import CLASSES, DataConfig
from bsff.golden import encode
from bsff_hw.host.results import Results
from bsff_hw.host.samples import DEPTH, Encoder, SampleStore

# ---- samples wait


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


# ---- pixels become bits

CONFIGS = {
    "threshold": DataConfig(encoding="threshold", levels=(77,)),
    "thermometer": DataConfig(encoding="thermometer", levels=(1, 100, 255)),
    "bitplanes": DataConfig(encoding="bitplanes", planes=3),
    "all bitplanes": DataConfig(encoding="bitplanes", planes=8),
    "bernoulli": DataConfig(encoding="bernoulli"),
}


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("pixels", [10, 4, 1, 256])
def test_encoder(name: str, pixels: int, seed: int) -> None:
    config = CONFIGS[name]
    rng = np.random.default_rng([seed, pixels])
    dut = Encoder(config, pixels)
    every = np.arange(256) if pixels == 256 else rng.integers(0, 256, pixels)  # each value once, or some
    samples = [
        rng.permutation(every).reshape(1, 1, pixels, 1).astype(np.uint8) for _ in range(3 if pixels < 256 else 1)
    ]
    samples.append(np.full((1, 1, pixels, 1), 255, np.uint8))
    state = int(rng.integers(1, 2**63))
    stream = np.array([state], np.uint64)
    expected = []
    for number, sample in enumerate(samples):
        bits, stream = encode.encode(sample, config, stream)
        expected += [pack(b, 1) | number << bits.size // pixels for b in bits.reshape(pixels, -1)]

    async def feed(context: Any) -> None:
        for half in range(2):
            context.set(dut.load, 1 << half)
            context.set(dut.load_data, (state >> (32 * half)) & 0xFFFFFFFF)
            await context.tick()
        context.set(dut.load, 0)
        for number, sample in enumerate(samples):
            await send(context, dut.input, [int(p) | number << 8 for p in sample.ravel()], rng, 0.3)

    async def take(context: Any) -> None:
        seen = []
        while len(seen) < len(expected):
            context.set(dut.output.ready, bool(rng.random() < 0.7))
            *_, valid, ready, word = await context.tick().sample(
                dut.output.valid, dut.output.ready, Value.cast(dut.output.payload)
            )
            seen += [word] * (valid & ready)
        assert seen == expected
        assert context.get(dut.state) == stream[0]

    simulate(dut, feed, take)


# ---- results


@pytest.mark.parametrize("blocks", [1, 2, 3])
@pytest.mark.parametrize("depth", [4, 16])
def test_results(blocks: int, depth: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten logits of each block in turn, more than fit, read at random; then some are dropped."""
    monkeypatch.setattr(bsff_hw.host.results, "DEPTH", depth)
    rng = np.random.default_rng([seed, blocks])
    dut = Results(blocks)
    logits = rng.integers(-(2**31), 2**31, (5, blocks, CLASSES))
    waiting: deque[int] = deque()

    def feed(block: int) -> Any:
        async def bench(context: Any) -> None:
            own = logits[:, block].ravel()
            await send(context, dut.logits[block], [pack([z], 32) for z in own], rng, 0.3)

        return bench

    async def model(context: Any) -> None:
        while True:
            signals = [
                s for i in range(blocks) for s in (dut.logits[i].valid, dut.logits[i].ready, dut.logits[i].payload)
            ]
            _, _, taken, empty, *ports = await context.tick().sample(dut.take, dut.count == 0, *signals)
            if taken and not empty:
                waiting.popleft()
            for i in range(blocks):
                if ports[3 * i] and ports[3 * i + 1]:
                    waiting.append(ports[3 * i + 2] & 0xFFFFFFFF)
            assert len(waiting) <= depth

    async def host(context: Any) -> None:
        for expected in logits.ravel():
            while not context.get(dut.word) or rng.random() < 0.5:
                assert context.get(dut.count) == len(waiting)
                await context.tick()
            assert context.get(dut.word) == pack([expected], 32)
            context.set(dut.take, 1)
            await context.tick()
            context.set(dut.take, 0)
        assert context.get(dut.count) == context.get(dut.word) == 0

    simulate(dut, *(feed(i) for i in range(blocks)), host, background=[model])


def test_results_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bsff_hw.host.results, "DEPTH", 32)
    dut = Results(1)

    async def bench(context: Any) -> None:
        for first in (100, 200, 300):
            context.set(dut.logits[0].valid, 1)
            for i in range(CLASSES):
                context.set(dut.logits[0].payload, first + i)
                await context.tick()
            context.set(dut.logits[0].valid, 0)
            await context.tick()
            assert context.get(dut.count) == CLASSES
            assert context.get(dut.word) == first
            context.set(dut.drop, 1)
            await context.tick()
            context.set(dut.drop, 0)
            assert context.get(dut.count) == 0
            for _ in range(CLASSES + 3):
                await context.tick()
                assert context.get(dut.count) == 0
            assert context.get(dut.word) == 0

    simulate(dut, bench)


def test_a_pixel_is_a_byte_of_its_word(rng: np.random.Generator) -> None:
    dut = SampleStore(4)

    async def bench(context: Any) -> None:
        await begin(context, dut, 7)
        await write(context, dut, [0x04030201], rng)
        assert [unpack(w, 8, 2) for w in await receive(context, dut.output, 4, rng)] == [[i, 7] for i in (1, 2, 3, 4)]

    simulate(dut, bench)
