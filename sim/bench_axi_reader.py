"""Random buffers, errors and silence for `SampleReader`; the design is in tests/gateware/bus/test_reader.py."""

from __future__ import annotations

import os
import random
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

import clocks
from axi_memory import PAGE, AxiMemory
from bsff.contract.formats import FAULTS
from bsff_hw.bus import reader as axi_reader
from bsff_hw.bus.reader import ADDRESS_WIDTH, read_records

WORDS = int(os.environ["BSFF_WORDS"])
SHARE = float(os.environ["BSFF_STALLS"])
PATIENCE = int(os.environ["BSFF_GIVES_UP"])
ROUNDS = int(os.environ["BSFF_ROUNDS"])
BEATS = -(-(1 + WORDS) // 2)
OUTPUTS = [
    *(f"m_axi_{name}" for name, member in axi_reader.PORTS.items() if member.flow == axi_reader.Out),
    "busy", "left", "fault", "begin_", "write", "drop",
]  # fmt: skip


class Bench:
    """Memory on one side, a store on the other."""

    def __init__(self, dut: Any, seed: int) -> None:
        self.dut = dut
        self.rng = random.Random(seed)
        self.memory = AxiMemory(dut, self.rng, SHARE)
        self.records: list[list[int]] = []
        self.full = False
        for name in ("start", "stop", "clear", "address", "count", "space"):
            getattr(dut, name).value = 0

    async def begin(self) -> None:
        await clocks.start(self.dut)
        cocotb.start_soon(clocks.watch_x(self.dut, OUTPUTS))
        cocotb.start_soon(self._store())

    async def _store(self) -> None:
        """Space comes and goes; what is handed over must make whole records."""
        edge, dut = RisingEdge(self.dut.aclk), self.dut
        half: list[int] | None = None
        while True:
            await edge
            if int(dut.begin_.value):
                assert int(dut.space.value), "a record begins without space"
                assert half is None, "a record begins within another"
                half = [int(dut.data.value)]
            if int(dut.write.value):
                assert half is not None, "words without a label"
                half.append(int(dut.data.value))
                if len(half) == 1 + WORDS:
                    self.records.append(half)
                    half = None
            if int(dut.drop.value):
                half = None
            dut.space.value = not self.full and self.rng.random() >= SHARE

    def fill(self, address: int, count: int) -> None:
        """Random records at an address, and nothing else in memory."""
        self.memory.words = {address + 8 * i: self.rng.getrandbits(64) for i in range(count * BEATS)}
        self.memory.responses = {}

    async def pulse(self, name: str) -> None:
        getattr(self.dut, name).value = 1
        await RisingEdge(self.dut.aclk)
        getattr(self.dut, name).value = 0

    async def start(self, address: int, count: int) -> None:
        self.records.clear()
        self.dut.address.value, self.dut.count.value = address, count
        await self.pulse("start")
        self.dut.address.value, self.dut.count.value = self.rng.getrandbits(64), self.rng.getrandbits(32)

    async def idle(self, cycles: int) -> int:
        """Wait for the end; how many cycles it took."""
        for cycle in range(cycles):
            await RisingEdge(self.dut.aclk)
            if cycle and not int(self.dut.busy.value):
                return cycle
        raise AssertionError(f"busy after {cycles} cycles")

    def check(self, address: int, count: int) -> None:
        expected, fault = read_records(self.memory.read, address, count, WORDS)
        assert FAULTS[int(self.dut.fault.value)] == fault
        assert self.records == expected
        assert int(self.dut.left.value) == count - len(expected)

    def place(self) -> tuple[int, int]:
        """An address, often shortly before the end of a page, and a number of records."""
        page = self.rng.randrange(1, 2**ADDRESS_WIDTH // PAGE - 64) * PAGE
        return page - 8 * self.rng.randrange(40), self.rng.randint(1, 12)


def limit(count: int) -> int:
    """Cycles that so many records take at most, whatever the stalls."""
    return 400 + int(count * BEATS * 60 / (1 - SHARE))


@cocotb.test()
async def random_buffers(dut: Any) -> None:
    """Every record comes whole, once, in order; other addresses are not even asked for (they would be DECERR)."""
    bench = Bench(dut, cocotb.RANDOM_SEED)
    await bench.begin()
    for _ in range(ROUNDS):
        address, count = bench.place()
        bench.fill(address, count)
        before = bench.memory.beats
        await bench.start(address, count)
        await bench.idle(limit(count))
        bench.check(address, count)
        assert bench.memory.beats - before == count * BEATS
    await bench.start(address, 0)
    assert await bench.idle(5) < 5
    assert int(dut.fault.value) == 0


@cocotb.test()
async def errors(dut: Any) -> None:
    """A bad beat ends the reading; records before it are presented, and the next start works."""
    bench = Bench(dut, cocotb.RANDOM_SEED + 1)
    await bench.begin()
    for number in range(ROUNDS):
        address, count = bench.place()
        bench.fill(address, count)
        bad = address + 8 * bench.rng.randrange(count * BEATS)
        if number % 3:
            bench.memory.responses[bad] = bench.rng.choice((2, 3))
        else:  # the buffer ends too early
            bench.memory.words = {at: value for at, value in bench.memory.words.items() if at < bad}
        bench.memory.responses[address] = bench.memory.responses.get(
            address, 1 if address < bad else 2
        )  # EXOKAY is no error
        await bench.start(address, count)
        await bench.idle(limit(count))
        bench.check(address, count)
        assert int(dut.fault.value) != 0
        if bench.rng.random() < 0.5:
            await bench.pulse("clear")
            await RisingEdge(dut.aclk)
            await RisingEdge(dut.aclk)
            assert int(dut.fault.value) == 0


@cocotb.test()
async def addresses(dut: Any) -> None:
    """No address is asked for that is not a multiple of 8, or beyond what the port can say."""
    bench = Bench(dut, cocotb.RANDOM_SEED + 2)
    await bench.begin()
    for address in (0x1004, 0x1001, 2**ADDRESS_WIDTH, 2**63, 2**ADDRESS_WIDTH + 8 + 4):
        await bench.start(address, 3)
        await bench.idle(5)
        bench.check(address, 3)
        assert bench.memory.beats == 0
    for over in range(1, 3 * BEATS):
        address = 2**ADDRESS_WIDTH - 8 * over
        bench.fill(address, 3)
        await bench.start(address, 3)
        await bench.idle(limit(3))
        bench.check(address, 3)


@cocotb.test()
async def silence(dut: Any) -> None:
    """Memory that stops answering is given up in time; late beats are not taken for those of another start."""
    bench = Bench(dut, cocotb.RANDOM_SEED + 3)
    await bench.begin()
    for _ in range(max(2, ROUNDS // 4)):
        address, count = bench.place()
        bench.fill(address, count)
        before = bench.memory.beats
        await bench.start(address, count)
        for _ in range(bench.rng.randrange(1, 20 * BEATS)):
            await RisingEdge(dut.aclk)
        bench.memory.silent = True
        if bench.rng.random() < 0.5:  # what came is handed over, however late there is space
            bench.full = True
            for _ in range(PATIENCE + 20):
                await RisingEdge(dut.aclk)
            bench.full = False
        if int(dut.busy.value):
            await bench.idle(PATIENCE + limit(4))
        done = len(bench.records)
        assert done >= (bench.memory.beats - before) // BEATS, "a record that came was dropped"
        expected, _ = read_records(bench.memory.read, address, count, WORDS)
        assert bench.records == expected[:done]
        assert int(dut.left.value) == count - done
        if done == count:  # too late to matter
            assert int(dut.fault.value) == 0
            bench.memory.silent = False
            continue
        assert FAULTS[int(dut.fault.value)] == "no answer"
        await bench.start(address, count)
        await bench.idle(5)
        assert (bench.records, FAULTS[int(dut.fault.value)], int(dut.left.value)) == ([], "no answer", count)
        bench.memory.silent = False
        for _ in range(limit(4)):
            await RisingEdge(dut.aclk)
        assert bench.records == []
        await bench.start(address, count)
        await bench.idle(limit(count))
        bench.check(address, count)


@cocotb.test()
async def stops(dut: Any) -> None:
    """The host ends the reading at any moment; what was not presented is left, nothing is half presented."""
    bench = Bench(dut, cocotb.RANDOM_SEED + 4)
    await bench.begin()
    for _ in range(ROUNDS):
        address, count = bench.place()
        bench.fill(address, count)
        bench.full = bench.rng.random() < 0.3
        await bench.start(address, count)
        for _ in range(bench.rng.randrange(20 * BEATS)):
            await RisingEdge(dut.aclk)
        await bench.pulse("stop")
        await bench.idle(limit(2))
        bench.full = False
        done = len(bench.records)
        assert bench.records == read_records(bench.memory.read, address, count, WORDS)[0][:done]
        assert int(dut.left.value) == count - done
        assert int(dut.fault.value) == 0
        await bench.start(address, count)
        await bench.idle(limit(count))
        bench.check(address, count)
