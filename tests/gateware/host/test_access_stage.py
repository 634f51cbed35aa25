"""The stage between the host's window and a block: every access once, and every move of the address in its order."""

from __future__ import annotations

from typing import Any

import numpy as np
from hw_helpers import simulate

from bsff_hw.host.access_stage import AccessStage


def test_accesses_and_moves_keep_their_order(rng: np.random.Generator) -> None:
    dut = AccessStage()
    asked: list[tuple[Any, ...]] = []
    seen: list[tuple[Any, ...]] = []

    async def host(context: Any) -> None:
        for number in range(60):
            for move in rng.permutation(["rewind", "step"])[: rng.integers(3)]:
                context.set(getattr(dut.host, move), 1)
                asked.append((move,))
                await context.tick()
                context.set(getattr(dut.host, move), 0)
            memory, write, data = int(rng.integers(4)), int(rng.integers(2)), int(rng.integers(2**32))
            for name, value in (("memory", memory), ("write", write), ("data", data), ("request", 1)):
                context.set(getattr(dut.host, name), value)
            asked.append(("access", memory, write, data))
            while not context.get(dut.host.done):
                await context.tick()
            assert context.get(dut.host.read) == number + 7  # of this access, in the cycle in which it is done
            context.set(dut.host.step, 1)  # as the window does, in that very cycle
            asked.append(("step",))
            await context.tick()
            context.set(dut.host.step, 0)
            context.set(dut.host.request, 0)
            context.set(dut.host.data, 0)
        for _ in range(5):
            await context.tick()

    async def block(context: Any) -> None:
        waiting, number = int(rng.integers(4)), 0
        while True:
            requested = context.get(dut.block.request)
            done = bool(requested) and waiting == 0
            context.set(dut.block.done, done)
            context.set(dut.block.read, number + 7 if done else 0)
            seen.extend((move,) for move in ("rewind", "step") if context.get(getattr(dut.block, move)))
            if done:
                seen.append(
                    ("access", *(context.get(getattr(dut.block, name)) for name in ("memory", "write", "data")))
                )
                number, waiting = number + 1, int(rng.integers(4))
            elif requested:
                waiting -= 1
            await context.tick()

    simulate(dut, host, background=[block])
    assert seen == asked
