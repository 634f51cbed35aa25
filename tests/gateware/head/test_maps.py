"""The maps that the head reads: pooled as they arrive, held until a sample has come whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from head_plans import PLANS
from hw_helpers import beats_of, random_map, send, simulate
from seeds import rng_for

from bsff.golden import head
from bsff_hw.head.maps import HeadMaps
from bsff_hw.plan import HeadPlan

SAMPLES = 6


def words_of(plan: HeadPlan, inputs: Any) -> list[list[int]]:
    """The words of each source, from what the head reads of a sample: `plan.levels` bits an input, as many on as its count."""
    found, at = [], 0
    for source in plan.sources:
        part = inputs[at : at + source.shape.rows].reshape(source.inputs)
        found.append([sorted_bits(word, source.beat, plan.levels) for word in beats_of(part, source.beat, plan.levels)])
        at += source.shape.rows
    return found


def sorted_bits(word: int, beat: int, levels: int) -> int:
    """A word with the bits of every input at its lower end: a sum keeps those of its positions apart."""
    counts = [bin(word >> i * levels & (1 << levels) - 1).count("1") for i in range(beat)]
    return sum(((1 << count) - 1) << i * levels for i, count in enumerate(counts))


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("idle", [0.0, 0.4])
def test_maps(name: str, idle: float, seed: int) -> None:
    plan = PLANS[name]
    rng = rng_for(name, seed)
    maps = [[random_map(rng, source.map, source.tile) for source in plan.sources] for _ in range(SAMPLES)]
    labels = rng.integers(10, size=SAMPLES).tolist()
    dut = HeadMaps(plan)

    def feed(number: int) -> Any:
        source, own = plan.sources[number], np.random.default_rng([seed, number])

        async def bench(context: Any) -> None:
            for sample, label in zip(maps, labels, strict=True):
                words = beats_of(sample[number], source.beat, source.tile, label)
                await send(context, getattr(dut, f"input{number}"), words, own, idle)

        return bench

    async def read(context: Any) -> None:
        for sample, label in zip(maps, labels, strict=True):
            while not context.get(dut.full) or (idle and rng.random() < 0.9):
                await context.tick()
            assert context.get(dut.label) == label
            await context.tick()  # the last word is being written
            by_layer = {source.shape.layer: found for source, found in zip(plan.sources, sample, strict=True)}
            words = words_of(plan, head.inputs(plan.shape, by_layer))
            places = [(s, address) for s, source in enumerate(words) for address in range(len(source))]
            for place in rng.permutation(len(places)):
                s, address = places[place]
                context.set(dut.words.enable, 1)
                context.set(dut.words.source, s)
                context.set(dut.words.address, address)
                await context.tick()
                context.set(dut.words.enable, 0)
                context.set(dut.words.source, 0)
                context.set(dut.words.address, 0)
                for _ in range(int(rng.integers(1, 3))):  # the port holds what it read
                    found = context.get(dut.words.word)
                    assert sorted_bits(found, plan.beat, plan.levels) == words[s][address]
                    await context.tick()
            context.set(dut.release, 1)
            await context.tick()
            context.set(dut.release, 0)
        assert not context.get(dut.full)

    simulate(dut, *(feed(i) for i in range(len(plan.sources))), read)
