"""Responses that are kept until the update has used them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import pack, simulate, unpack
from update_maps import CASES, responses_of

from bsff_hw.layer.learning.response import ResponseMap, site_layout
from bsff_hw.plan import LayerPlan

every = pytest.mark.parametrize("case", CASES, indirect=True)


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
