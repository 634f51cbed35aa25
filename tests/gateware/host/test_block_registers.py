"""The registers of a block, held against the register table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import memory, simulate

from bsff.contract.registers import BLOCK
from bsff_hw.host.block_registers import BlockRegisters
from bsff_hw.host.counters import NAMES

CONSTANTS = {"ROWS": 90, "WIDTH": 4, "CHANNELS": 40}
OF_LAYERS = ("PBITS_LOW", "PBITS_HIGH", "SCALE", "ACTIVITY")
STATES = {"PBITS_LOW": 0x11111111, "PBITS_HIGH": 0x22222222, "ROUNDING_LOW": 0x33333333, "ROUNDING_HIGH": 0x44444444}


def generators(dut: BlockRegisters) -> dict[str, Any]:
    """The ports of the generators that a block has."""
    return {name.upper(): getattr(dut, name) for name in ("pbits", "rounding") if hasattr(dut, name)}


async def read(context: Any, dut: BlockRegisters, name: str | int) -> int:
    """What the bus shows three cycles after an address."""
    context.set(dut.bus.address, BLOCK[name].offset // 4 if isinstance(name, str) else name)
    await context.tick().repeat(3)
    return context.get(dut.bus.read)


async def write(context: Any, dut: BlockRegisters, name: str, value: int) -> None:
    """The data stay for a cycle more, in which the write acts."""
    context.set(dut.bus.address, BLOCK[name].offset // 4)
    context.set(dut.bus.data, value)
    context.set(dut.bus.write, 1)
    assert not any(context.get(port.load) for port in generators(dut).values())
    await context.tick()
    context.set(dut.bus.write, 0)
    for key, port in generators(dut).items():
        assert context.get(port.load) == {f"{key}_LOW": 1, f"{key}_HIGH": 2}.get(name, 0)
        assert context.get(port.load_data) == value
    await context.tick()
    assert not any(context.get(port.load) for port in generators(dut).values())


@pytest.mark.parametrize("layer", [True, False])
def test_block_registers(layer: bool, rng: np.random.Generator) -> None:
    """Every register of the table is written, those that can be read back; the head lacks those of layers."""
    dut = BlockRegisters(*CONSTANTS.values(), layer=layer)
    counters = [int(c) for c in rng.integers(2**64, size=len(NAMES), dtype=np.uint64)]
    expected = {**STATES, **CONSTANTS, "STEP": 0, "SCALE": 1, "GATE": 0, "LEARN": 0, "ACTIVITY": 0}
    for i, name in enumerate(NAMES):
        expected[f"{name.upper()}_LOW"] = counters[i] & 0xFFFFFFFF
        expected[f"{name.upper()}_HIGH"] = counters[i] >> 32
    assert expected.keys() == BLOCK.keys()
    if not layer:
        expected |= dict.fromkeys(OF_LAYERS, 0)

    async def check(context: Any) -> None:
        for name in rng.permutation(list(BLOCK)):
            assert await read(context, dut, str(name)) == expected[name], name
        for key in ("step", "gate", "learn", *(("scale", "activity") if layer else ())):
            assert context.get(getattr(dut, key)) == expected[key.upper()]
        for address in sorted(set(range(64)) - {r.offset // 4 for r in BLOCK.values()}):
            assert await read(context, dut, address) == 0

    async def bench(context: Any) -> None:
        assert generators(dut).keys() == ({"PBITS", "ROUNDING"} if layer else {"ROUNDING"})
        for name, port in generators(dut).items():
            context.set(port.state, STATES[f"{name}_HIGH"] << 32 | STATES[f"{name}_LOW"])
        await check(context)
        for value in (0xFFFFFFFF, int(rng.integers(2**32)), 0):
            for name, register in BLOCK.items():
                await write(context, dut, name, value)
                kept = layer or name not in OF_LAYERS
                if register.access == "rw" and kept and name not in STATES:  # a generator loads by itself
                    expected[name] = value & register.mask
            await check(context)
        if layer:
            context.set(dut.activity_new, 12345)
            await context.tick()
            context.set(dut.activity_set, 1)
            await context.tick()
            context.set(dut.activity_set, 0)
            expected["ACTIVITY"] = 12345
            await check(context)

    simulate(dut, bench, background=[memory(dut.counter_address, dut.counter, counters)])
