"""AXI4-Lite master: every end of an access, and a slave that answers late or never."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from axi_slave import AxiSlave
from hw_helpers import refusal, simulate
from seeds import rng_for

from bsff_hw.bus.axi_lite import OKAY, SLVERR
from bsff_hw.bus.axi_master import AxiMaster

DECERR = 0b11
PATIENCE = 40


@dataclass
class Answer:
    error: bool
    silent: bool
    data: int
    cycles: int


class Bench(AxiSlave):
    """A master and its slave."""

    def __init__(self, rng: np.random.Generator, *, slow: float = 0.5) -> None:
        self.dut = AxiMaster(patience=PATIENCE)
        super().__init__(self.dut.axi, rng, slow=slow)

    async def access(self, context: Any, writes: bool, address: int, data: int = 0) -> Answer:
        host = self.dut.host
        context.set(host.writes, writes)
        context.set(host.address, address)
        context.set(host.write_data, data)
        context.set(host.request, 1)
        cycles = 0
        while not context.get(host.done):
            await context.tick()
            cycles += 1
        answer = Answer(
            bool(context.get(self.dut.error)), bool(context.get(self.dut.silent)), context.get(host.read_data), cycles
        )
        context.set(host.request, 0)
        await context.tick()
        return answer


def test_random_accesses(seed: int) -> None:
    rng = rng_for("axi master", seed)
    bench = Bench(rng)

    async def master(context: Any) -> None:
        expected = []
        for _ in range(150):
            bench.delay, bench.response = int(rng.integers(1, 6)), int(rng.choice([OKAY, OKAY, SLVERR, DECERR]))
            bench.data = int(rng.integers(2**32))
            writes, address, data = bool(rng.integers(2)), 4 * int(rng.integers(2**14)), int(rng.integers(2**32))
            answer = await bench.access(context, writes, address, data)
            expected.append((writes, address, data if writes else 0))
            assert (answer.error, answer.silent) == (bench.response != OKAY, False)
            assert writes or answer.data == bench.words.get(address, bench.data)
        assert bench.seen == expected

    simulate(bench.dut, master, background=[bench.slave])


@pytest.mark.parametrize("writes", [False, True])
def test_silence_ends_and_a_late_answer_is_thrown_away(writes: bool, seed: int) -> None:
    bench = Bench(rng_for("silence", seed), slow=0.0)

    async def master(context: Any) -> None:
        bench.delay, bench.data = 5 * PATIENCE, 0xBAD
        first = await bench.access(context, writes, 0x10, 1)
        assert (first.error, first.silent) == (False, True)
        assert PATIENCE <= first.cycles <= PATIENCE + 3
        second = await bench.access(context, not writes, 0x14, 2)
        assert (second.silent, second.cycles) == (True, 1)  # it still owes an answer, and is not asked
        bench.delay, bench.data = 1, 0x600D
        await context.tick().repeat(5 * PATIENCE)
        third = await bench.access(context, False, 0x18)
        assert (third.silent, third.data) == (False, 0x600D)
        assert [address for _, address, _ in bench.seen] == [0x10, 0x18]

    simulate(bench.dut, master, background=[bench.slave])


def test_a_slave_that_never_takes_the_address(seed: int) -> None:
    bench = Bench(rng_for("deaf", seed), slow=1.0)

    async def master(context: Any) -> None:
        answers = [await bench.access(context, writes, 0x10) for writes in (True, False, True)]
        assert all(answer.silent for answer in answers)
        assert sum(answer.cycles for answer in answers) < PATIENCE + 10

    simulate(bench.dut, master, background=[bench.slave])


def test_bad_arguments() -> None:
    assert refusal(AxiMaster, patience=0) == "patience = 0: expected at least 1 cycle"
