"""Random traffic through `AxiLite` into a small register file; ports and design in tests/gateware/bus/test_axi_lite.py."""

from __future__ import annotations

import logging
import os
import random
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, First, Timer
from cocotbext.axi import AxiLiteBus, AxiLiteMaster

import clocks
from bsff_hw.bus import axi_lite
from register_bus import Bus

WORDS = int(os.environ["BSFF_WORDS"])
SHARE = float(os.environ["BSFF_STALLS"])
ACCESSES = int(os.environ["BSFF_ACCESSES"])
OUTPUTS = [f"s_axi_{name}" for name, member in axi_lite.PORTS.items() if member.flow == axi_lite.Out]


async def begin(dut: Any, seed: int) -> tuple[AxiLiteMaster, Bus, random.Random]:
    logging.getLogger("cocotb.bsff").setLevel(logging.WARNING)  # the master reports every access
    rng = random.Random(seed)
    master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), dut.aclk, dut.aresetn, reset_active_level=False)
    clocks.stall_axi(master, rng, SHARE)
    await clocks.start(dut)
    cocotb.start_soon(clocks.watch_x(dut, OUTPUTS))
    return master, Bus(dut, WORDS), rng


async def within(dut: Any, accesses: int, *tasks: Any) -> None:
    """Join the tasks; a hang is a failure after a bounded number of cycles."""
    cycles = 100 + accesses * 400
    limit = Timer(cycles * clocks.PERIOD_NS, "ns")
    for task in tasks:
        if await First(task, limit) is limit:
            raise AssertionError(f"{accesses} accesses took more than {cycles} cycles")


def a_write(rng: random.Random) -> tuple[int, bytes]:
    """Address and bytes; a third of them are less than a word, some begin in the middle of one."""
    word = 4 * rng.randrange(2**14)
    if rng.random() < 2 / 3:
        return word, rng.randbytes(4)
    start = rng.randrange(4)
    size = rng.randint(1, 4 - start)
    return word + start, rng.randbytes(size if size < 4 else 3)


@cocotb.test()
async def random_traffic(dut: Any) -> None:
    """Reads and writes overlap: each is done once, in order, on the right word, and answered as it happened."""
    master, bus, rng = await begin(dut, cocotb.RANDOM_SEED)
    writes = [a_write(rng) for _ in range(ACCESSES)]
    reads = [rng.randrange(2**16) for _ in range(ACCESSES)]

    async def issue(accesses: list[Any]) -> list[Any]:
        """All at once, with some breaks; the master keeps each direction in order."""
        tasks = []
        for access in accesses:
            tasks.append(cocotb.start_soon(access))
            if rng.random() < 0.1:
                await ClockCycles(dut.aclk, rng.randint(1, 60))
        return [await task for task in tasks]

    # A read of one byte is a read of its word with an unaligned address.
    writer = cocotb.start_soon(issue([master.write(address, data) for address, data in writes]))
    reader = cocotb.start_soon(issue([master.read(address, 1) for address in reads]))
    await within(dut, 2 * ACCESSES, writer, reader)

    expected = [axi_lite.answer(a, (1 << len(d)) - 1 << a % 4) for a, d in writes]
    assert [int(got.resp) for got in writer.result()] == [response for _, response in expected]
    passed = [
        (e[0], int.from_bytes(d, "little")) for e, (_, d) in zip(expected, writes, strict=True) if e[0] is not None
    ]
    assert bus.writes == passed
    assert 0 < len(passed) < len(writes)
    assert [address for address, _ in bus.reads] == [axi_lite.answer(a)[0] for a in reads]
    for got, address, (_, word) in zip(reader.result(), reads, bus.reads, strict=True):
        assert got.resp == axi_lite.OKAY
        assert got.data[0] == word >> 8 * (address % 4) & 0xFF, f"read of {address:#x}"


@cocotb.test()
async def what_was_written(dut: Any) -> None:
    """After all writes, whole words read back; short writes changed nothing."""
    master, bus, rng = await begin(dut, cocotb.RANDOM_SEED + 1)

    async def traffic() -> None:
        words = [0] * WORDS
        for _ in range(ACCESSES // 4):
            address, data = a_write(rng)
            response = await master.write(address, data)
            whole = len(data) == 4
            assert int(response.resp) == (axi_lite.OKAY if whole else axi_lite.SLVERR)
            if whole:
                words[address // 4 % WORDS] = int.from_bytes(data, "little")
        for word in range(WORDS):
            assert await master.read_dword(4 * word) == words[word]
        assert bus.words == words

    await within(dut, ACCESSES, cocotb.start_soon(traffic()))


@cocotb.test()
async def reset_in_traffic(dut: Any) -> None:
    """A reset at any moment leaves no access half done: the next ones work and nothing old is answered."""
    master, bus, rng = await begin(dut, cocotb.RANDOM_SEED + 2)
    for _ in range(8):
        for _ in range(4):
            master.init_write(4 * rng.randrange(WORDS), rng.randbytes(4))
            master.init_read(4 * rng.randrange(WORDS), 4)
        await ClockCycles(dut.aclk, rng.randint(1, 40))
        await clocks.reset(dut, cycles=rng.randint(1, 5))
        word, data = rng.randrange(WORDS), rng.getrandbits(32)

        async def check(word: int = word, data: int = data) -> None:
            await master.write_dword(4 * word, data)
            assert await master.read_dword(4 * word) == data
            assert bus.words[word] == data

        await within(dut, 4, cocotb.start_soon(check()))
