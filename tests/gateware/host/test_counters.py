"""Event counters, and the registers of a block, held against the register table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import memory, pack, simulate

from bsff.contract.registers import BLOCK
from bsff_hw.host.block_registers import BlockRegisters
from bsff_hw.host.counters import INCREMENT, NAMES, EventCounters

# ---- counters


async def strobe(context: Any, dut: EventCounters, name: str) -> None:
    """One commit or clear; two cycles a counter."""
    context.set(getattr(dut, name), 1)
    await context.tick()
    context.set(getattr(dut, name), 0)
    context.set(Value.cast(dut.events), 0)
    for _ in range(2 * len(NAMES)):
        assert context.get(dut.busy)
        context.set(dut.address, 5)  # nobody can read meanwhile
        await context.tick()
    assert not context.get(dut.busy)


def test_events_are_added_up(rng: np.random.Generator) -> None:
    dut = EventCounters()
    totals = np.zeros(len(NAMES), dtype=object)

    async def check(context: Any) -> None:
        for address in rng.permutation(len(NAMES)):
            context.set(dut.address, int(address))
            await context.tick()
            assert context.get(dut.data) == totals[address] % 2**64

    async def bench(context: Any) -> None:
        for number in range(30):
            events = [int(e) for e in rng.integers(2 ** int(rng.choice([1, 10, INCREMENT])), size=len(NAMES))]
            if number % 5 == 0:
                events = [2**INCREMENT - 1] * len(NAMES)  # the upper half of a counter moves
            context.set(Value.cast(dut.events), pack(events, INCREMENT))
            await strobe(context, dut, "commit")
            totals[:] = [t + e for t, e in zip(totals, events, strict=True)]
            await check(context)
            if number == 15:
                context.set(Value.cast(dut.events), pack(events, INCREMENT))
                await strobe(context, dut, "clear")
                totals[:] = 0
                await check(context)

    simulate(dut, bench)


def test_the_order_is_that_of_the_registers() -> None:
    offsets = [BLOCK[f"{name.upper()}_LOW"].offset for name in NAMES]
    assert offsets == [offsets[0] + 8 * i for i in range(len(NAMES))]


# ---- registers

CONSTANTS = {"ROWS": 90, "WIDTH": 4, "CHANNELS": 40}
OF_LAYERS = ("PBITS_LOW", "PBITS_HIGH", "SCALE", "ACTIVITY")
STATES = {"PBITS_LOW": 0x11111111, "PBITS_HIGH": 0x22222222, "ROUNDING_LOW": 0x33333333, "ROUNDING_HIGH": 0x44444444}
LOADS = ("PBITS_LOW", "PBITS_HIGH", "ROUNDING_LOW", "ROUNDING_HIGH")


async def read(context: Any, dut: BlockRegisters, name: str | int) -> int:
    """What the bus shows two cycles after an address."""
    context.set(dut.bus.address, BLOCK[name].offset // 4 if isinstance(name, str) else name)
    await context.tick()
    await context.tick()
    return context.get(dut.bus.read)


async def write(context: Any, dut: BlockRegisters, name: str, value: int) -> None:
    context.set(dut.bus.address, BLOCK[name].offset // 4)
    context.set(dut.bus.data, value)
    context.set(dut.bus.write, 1)
    load = [context.get(dut.load) >> i & 1 for i in range(4)]
    assert load == [int(name == register and (dut._layer or "PBITS" not in name)) for register in LOADS]
    assert context.get(dut.load_data) == value
    await context.tick()
    context.set(dut.bus.write, 0)
    assert context.get(dut.load) == 0


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
        context.set(dut.pbits, STATES["PBITS_HIGH"] << 32 | STATES["PBITS_LOW"])
        context.set(dut.rounding, STATES["ROUNDING_HIGH"] << 32 | STATES["ROUNDING_LOW"])
        await check(context)
        for value in (0xFFFFFFFF, int(rng.integers(2**32)), 0):
            for name, register in BLOCK.items():
                await write(context, dut, name, value)
                kept = layer or name not in OF_LAYERS
                if register.access == "rw" and kept and name not in STATES:  # a generator loads by itself
                    expected[name] = value & register.mask
            await check(context)
        context.set(dut.activity_new, 12345)
        await context.tick()
        context.set(dut.activity_set, 1)
        await context.tick()
        context.set(dut.activity_set, 0)
        if layer:
            expected["ACTIVITY"] = 12345
        await check(context)

    simulate(dut, bench, background=[memory(dut.counter_address, dut.counter, counters)])
