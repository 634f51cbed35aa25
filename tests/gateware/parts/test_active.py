"""The active-index encoder over every word of small widths, and over random ones of several groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import refusal, simulate, unpack

from bsff_hw.parts import active
from bsff_hw.parts.active import ActiveIndex


def check(
    words: list[int],
    rng: np.random.Generator,
    *,
    width: int,
    levels: int = 1,
    payload: int = 0,
    idle: float = 0.0,
    ahead: bool = False,
) -> None:
    """Every index of every word; without pauses a word is loaded in the cycle of the last index of the one before."""
    dut = ActiveIndex(width, levels=levels, payload=payload, ahead=ahead)
    carried = [int.from_bytes(rng.bytes(width), "little") & ((1 << max(1, width * payload)) - 1) for _ in words]
    cycles = 0

    async def tick(context: Any) -> None:
        nonlocal cycles
        await context.tick()
        cycles += 1

    async def bench(context: Any) -> None:
        assert not context.get(dut.some)
        assert context.get(dut.single)
        if ahead:
            context.set(dut.look, 1)
            context.set(dut.next_word, words[0])
            await context.tick()
        for number, word in enumerate(words):
            if ahead:  # the next one, in the cycle of this one's load
                context.set(dut.look, number + 1 < len(words))
                context.set(dut.next_word, words[number + 1] if number + 1 < len(words) else 0)
            context.set(dut.load, 1)
            context.set(dut.word, word)
            context.set(dut.carried, carried[number])
            await tick(context)
            context.set(dut.load, 0)
            if ahead:
                context.set(dut.look, 0)
                context.set(dut.next_word, int(rng.integers(2)))
            context.set(dut.word, int(rng.integers(2)))  # loaded, so it may change
            context.set(dut.carried, 0)
            expected = active.active(word, width=width, levels=levels)
            payloads = unpack(carried[number], payload, width)
            for i, index in enumerate(expected or [None]):
                single = i >= len(expected) - 1
                while True:
                    assert context.get(dut.some) == (index is not None)
                    assert context.get(dut.index) == (index or 0)
                    assert context.get(dut.single) == single
                    assert context.get(dut.payload) == (payloads[index] if payload and index is not None else 0)
                    if idle and rng.random() < idle:
                        context.set(dut.advance, 0)
                        await tick(context)
                        continue
                    break
                context.set(dut.advance, 1)
                if not single:
                    await tick(context)
        await tick(context)
        assert not context.get(dut.some)

    simulate(dut, bench)
    if not idle:
        assert cycles == 1 + sum(max(1, word.bit_count()) for word in words)


@pytest.mark.parametrize(("width", "levels"), [(1, 1), (2, 1), (5, 1), (8, 1), (1, 3), (4, 2), (2, 4)])
def test_every_word(width: int, levels: int, rng: np.random.Generator) -> None:
    check([int(w) for w in rng.permutation(2 ** (width * levels))], rng, width=width, levels=levels)


@pytest.mark.parametrize(
    ("width", "levels", "near"), [(7, 1, 2), (7, 1, 3), (8, 1, 4), (4, 2, 4), (3, 2, 1), (3, 3, 4)]
)
def test_every_word_in_groups(width: int, levels: int, near: int, rng: np.random.Generator, monkeypatch: Any) -> None:
    monkeypatch.setattr(active, "NEAR", near)
    check([int(w) for w in rng.permutation(2 ** (width * levels))], rng, width=width, levels=levels)


@pytest.mark.parametrize(("width", "payload"), [(1, 1), (5, 1), (5, 3), (16, 4), (37, 4)])
def test_payload(width: int, payload: int, rng: np.random.Generator) -> None:
    check([int(w) for w in rng.integers(2**width, size=60)], rng, width=width, payload=payload, idle=0.3)


@pytest.mark.parametrize(("width", "levels"), [(17, 1), (32, 1), (45, 1), (11, 3), (9, 5), (3, 15)])
def test_random_words(width: int, levels: int, rng: np.random.Generator) -> None:
    bits = width * levels
    words = [0, 2**bits - 1, 1, 1 << (bits - 1)]
    for density in (0.05, 0.3, 0.8):
        words += [sum(1 << i for i in np.flatnonzero(rng.random(bits) < density).tolist()) for _ in range(15)]
    for ahead in (False, True):
        check(words, rng, width=width, levels=levels, idle=0.3, ahead=ahead)
        check(words, rng, width=width, levels=levels, ahead=ahead)


def test_refuses_a_payload_of_levels() -> None:
    assert refusal(ActiveIndex, 4, levels=2, payload=1) == "levels = 2: expected 1 with a payload"
