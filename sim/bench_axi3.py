"""Random bursts through `Axi3Bridge` into a small register file; ports and design in tests/gateware/bus/test_axi3.py."""

from __future__ import annotations

import os
import random
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

import clocks
from axi3_master import Axi3Master, Burst
from bsff_hw.bus.axi3 import bridge as axi3
from bsff_hw.bus.axi3.bridge import BASE, answer_burst
from bsff_hw.bus.axi3.burst import FIXED, WRAP
from register_bus import Bus

WORDS = int(os.environ["BSFF_WORDS"])
SHARE = float(os.environ["BSFF_STALLS"])
BURSTS = int(os.environ["BSFF_BURSTS"])
PATIENCE = int(os.environ["BSFF_GIVES_UP"])
OUTPUTS = [f"s_axi_{name}" for name, member in axi3.PORTS.items() if member.flow == axi3.Out]
SLVERR = 2


def a_burst(rng: random.Random, *, write: bool) -> Burst:
    """Any burst a processor could send; some lie outside the window, or cross its end."""
    size, kind = rng.choice((0, 1, 2, 2, 2)), rng.randrange(3)
    length = rng.choice((1, 3, 7, 15)) if kind == WRAP else rng.randrange(16)
    place = rng.random()
    if place < 0.7:
        address = BASE + rng.randrange(2**16)
    elif place < 0.85:
        address = BASE + rng.choice((0, 2**16)) - rng.randrange(1, 40)
    else:
        address = BASE + rng.randrange(2**30)
    if kind == WRAP:
        address &= ~((1 << size) - 1)
    burst = Burst(rng.getrandbits(12), address, length, size, kind)
    if write:
        burst.data = [rng.getrandbits(32) for _ in range(length + 1)]
        burst.strobes = [15 if size == 2 and rng.random() < 0.9 else rng.getrandbits(4) for _ in burst.data]
    return burst


async def begin(dut: Any, seed: int) -> tuple[Axi3Master, Bus, random.Random]:
    rng = random.Random(seed)
    dut.hold.value = 0
    master = Axi3Master(dut, rng, SHARE)
    await clocks.start(dut)
    cocotb.start_soon(clocks.watch_x(dut, OUTPUTS))
    return master, Bus(dut, WORDS), rng


async def finished(dut: Any, bursts: list[Burst], cycles: int) -> None:
    for _ in range(cycles):
        await RisingEdge(dut.aclk)
        if all(burst.done for burst in bursts):
            return
    raise AssertionError(f"{sum(not b.done for b in bursts)} of {len(bursts)} bursts unanswered after {cycles} cycles")


@cocotb.test()
async def random_bursts(dut: Any) -> None:
    """Each beat is done once, in order, on the right word, and answered as it happened."""
    master, bus, rng = await begin(dut, cocotb.RANDOM_SEED)
    writes = [a_burst(rng, write=True) for _ in range(BURSTS)]
    reads = [a_burst(rng, write=False) for _ in range(BURSTS)]
    sent = [(burst, list(burst.data)) for burst in writes]
    for pair in zip(writes, reads, strict=True):
        for burst in pair:
            master.ask(burst)
        if rng.random() < 0.2:
            await ClockCycles(dut.aclk, rng.randint(1, 200))
    await finished(dut, writes + reads, BURSTS * 16 * int(80 / (1 - SHARE)))
    passed: list[tuple[int, int]] = []
    for burst, data in sent:
        beats = answer_burst(burst.address, burst.length, burst.size, burst.burst, strobes=burst.strobes)
        passed += [(at, word) for (at, _), word in zip(beats, data, strict=True) if at is not None]
        assert burst.responses == [max(response for _, response in beats)], burst
    assert bus.writes == passed
    seen = iter(bus.reads)
    for burst in reads:
        beats = answer_burst(burst.address, burst.length, burst.size, burst.burst)
        assert burst.responses == [response for _, response in beats], burst
        for (at, _), data in zip(beats, burst.data, strict=True):
            word = (0, 0) if at is None else next(seen)
            assert at is None or word[0] == at
            assert data == word[1]
    assert next(seen, None) is None
    assert passed
    assert bus.reads


@cocotb.test()
async def registers_that_hang(dut: Any) -> None:
    """The processor gets its answer all the same, and what was late does not answer anybody else."""
    master, bus, rng = await begin(dut, cocotb.RANDOM_SEED + 1)
    for _ in range(6):
        dut.hold.value = rng.randrange(1, 4)  # addresses, answers, or both
        first = [
            Burst(rng.getrandbits(12), BASE + 4 * rng.randrange(WORDS), 2, 2, FIXED,
                  *([[1, 2, 3], [15] * 3] if write else []))
            for write in (True, False)
        ]  # fmt: skip
        for burst in first:
            master.ask(burst)
        await finished(dut, first, PATIENCE + int(200 / (1 - SHARE)))
        assert first[0].responses == [SLVERR]
        assert first[1].responses == [SLVERR] * 3
        dut.hold.value = 0
        await ClockCycles(dut.aclk, 100)  # the late answers come
        bus.reads.clear()
        bus.writes.clear()
        word, data = rng.randrange(WORDS), rng.getrandbits(32)
        for burst in (Burst(1, BASE + 4 * word, 0, 2, FIXED, [data], [15]), Burst(2, BASE + 4 * word, 0, 2, FIXED)):
            master.ask(burst)
            await finished(dut, [burst], 400)
        assert burst.responses == [0]
        assert burst.data == [data]
        assert bus.writes == [(4 * word, data)]


@cocotb.test()
async def a_read_takes_one_result(dut: Any) -> None:
    """A read of a byte is one access to its register, which matters where reading takes something away."""
    master, bus, _ = await begin(dut, cocotb.RANDOM_SEED + 2)
    for offset in range(4):
        burst = Burst(7, BASE + 0x60 + offset, 0, 0, 1)
        master.ask(burst)
        await finished(dut, [burst], 400)
    assert [address for address, _ in bus.reads] == [0x60] * 4
