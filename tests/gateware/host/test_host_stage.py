"""The stage between the bus and the register file: every access once, in its order, two cycles later than without."""

from __future__ import annotations

from typing import Any

import numpy as np
from hw_helpers import simulate

from bsff_hw.host.host_stage import HostStage


def test_accesses_are_handed_on_once_and_in_their_order(rng: np.random.Generator) -> None:
    dut = HostStage()
    accesses = [
        (int(rng.integers(2)), int(rng.integers(2**16)), int(rng.integers(2**32)), int(rng.integers(1, 5)))
        for _ in range(80)
    ]
    seen: list[tuple[int, int, int]] = []
    cycles: list[int] = []

    async def bus(context: Any) -> None:
        for number, (writes, address, data, _) in enumerate(accesses):
            for name, value in (("writes", writes), ("address", address), ("write_data", data), ("request", 1)):
                context.set(getattr(dut.host, name), value)
            cycles.append(0)
            done = False
            while not done:
                *_, done, read = await context.tick().sample(dut.host.done, dut.host.read_data)
                cycles[-1] += 1
            assert read == number + 7  # of this access, in the cycle in which it is done
            if rng.random() < 0.5:  # else the next one comes at once
                context.set(dut.host.request, 0)
                context.set(dut.host.address, 0)
                await context.tick()
        context.set(dut.host.request, 0)
        await context.tick().repeat(5)

    async def file(context: Any) -> None:
        for number, (*_, wait) in enumerate(accesses):
            while not context.get(dut.file.request):
                await context.tick()
            for _ in range(wait - 1):
                await context.tick()
            context.set(dut.file.done, 1)
            context.set(dut.file.read_data, number + 7)
            seen.append(tuple(context.get(getattr(dut.file, name)) for name in ("writes", "address", "write_data")))
            await context.tick()
            context.set(dut.file.done, 0)
            context.set(dut.file.read_data, 0)
        while True:
            assert not context.get(dut.file.request)
            await context.tick()

    simulate(dut, bus, background=[file])
    assert seen == [access[:3] for access in accesses]
    assert cycles == [wait + 2 for *_, wait in accesses]
