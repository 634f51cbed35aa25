"""Results on their way out."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import pytest
from hw_helpers import pack, send, simulate

import bsff_hw.host.results
from bsff_hw.host.results import Results


@pytest.mark.parametrize(("blocks", "classes"), [(1, 10), (2, 10), (3, 10), (2, 2), (2, 23)])
@pytest.mark.parametrize("depth", [4, 16])
def test_results(blocks: int, classes: int, depth: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The logits of all classes of each block in turn, more than fit, read at random; then some are dropped."""
    monkeypatch.setattr(bsff_hw.host.results, "DEPTH", depth)
    rng = np.random.default_rng([seed, blocks, classes])
    dut = Results(blocks, classes)
    logits = rng.integers(-(2**31), 2**31, (5, blocks, classes))
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
    classes = 10
    dut = Results(1, classes)

    async def bench(context: Any) -> None:
        for first in (100, 200, 300):
            context.set(dut.logits[0].valid, 1)
            for i in range(classes):
                context.set(dut.logits[0].payload, first + i)
                await context.tick()
            context.set(dut.logits[0].valid, 0)
            await context.tick()
            assert context.get(dut.count) == classes
            assert context.get(dut.word) == first
            context.set(dut.drop, 1)
            await context.tick()
            context.set(dut.drop, 0)
            assert context.get(dut.count) == 0
            for _ in range(classes + 3):
                await context.tick()
                assert context.get(dut.count) == 0
            assert context.get(dut.word) == 0

    simulate(dut, bench)
