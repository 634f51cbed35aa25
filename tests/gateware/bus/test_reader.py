"""The AXI read master under random memories on two simulators, and its claims about time."""

from __future__ import annotations

from typing import Any

import pytest
from amaranth.sim import Simulator
from hw_helpers import refusal
from simulators import need

import harness
from bsff.config import load
from bsff_hw.bus import reader as axi_reader
from bsff_hw.bus.reader import ADDRESS_WIDTH, SampleReader, read_records
from bsff_hw.machine import flat
from bsff_hw.machine.top import verilog

PATIENCE = 300


def design(words: int) -> str:
    component = SampleReader(words, patience=PATIENCE)
    own = sorted(set(component.signature.members) - set(axi_reader.PORTS))
    ports = flat.prefixed("m_axi_", axi_reader.PORTS) | {"begin_" if name == "begin" else name: name for name in own}
    return flat.verilog(component, ports, name="bsff")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("simulator", "words", "stalls"),
    [
        ("verilator", 16, 0.0),
        ("verilator", 16, 0.6),
        # Icarus compiles in no time, so other lengths are its affair
        pytest.param("icarus", 1, 0.4, marks=pytest.mark.icarus),
        pytest.param("icarus", 37, 0.3, marks=pytest.mark.icarus),
    ],
)
def test_random_memories(simulator: str, words: int, stalls: float, seed: int) -> None:
    need(simulator)
    harness.run(
        design(words),
        top="bsff",
        bench="bench_axi_reader",
        simulator=simulator,
        seed=seed,
        environment={
            "BSFF_WORDS": str(words), "BSFF_STALLS": str(stalls), "BSFF_GIVES_UP": str(PATIENCE), "BSFF_ROUNDS": "25",
        },
    )  # fmt: skip


def cycles(words: int, count: int, latency: int) -> int:
    """Cycles that `count` records take from a memory that answers after `latency` cycles, then a beat a cycle."""
    dut = SampleReader(words)
    seen = 0

    async def bench(context: Any) -> None:
        nonlocal seen
        beats: list[int] = []  # cycles in which they may come
        context.set(dut.space, 1)
        context.set(dut.arready, 1)
        context.set(dut.count, count)
        context.set(dut.start, 1)
        await context.tick()
        context.set(dut.start, 0)
        while context.get(dut.busy):
            assert seen < 10_000
            if context.get(dut.arvalid):
                beats += [seen + latency + i for i in range(context.get(dut.arlen) + 1)]
            context.set(dut.rvalid, bool(beats) and beats[0] <= seen)
            if context.get(dut.rvalid) and context.get(dut.rready):
                beats.pop(0)
            await context.tick()
            seen += 1

    simulator = Simulator(dut)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()
    return seen


def test_records_come_as_fast_as_the_encoder_takes_pixels() -> None:
    """The encoder takes four pixels in five cycles; even a slow memory gives a word of four faster."""
    words = 196  # 28 x 28 pixels
    for latency in (10, 60):
        assert cycles(words, 8, latency) < 8 * words * 5


@pytest.mark.parametrize(
    ("address", "count", "fault"),
    [
        (0x1000, 2, "none"),
        (0x1004, 2, "address"),
        (1 << ADDRESS_WIDTH, 1, "address"),
        (2**ADDRESS_WIDTH - 8, 1, "address"),
    ],
)
def test_model(address: int, count: int, fault: str) -> None:
    records, why = read_records(lambda at: (at << 32 | 7, 0), address, count, 3)
    assert why == fault
    if fault == "none":
        assert records == [[7, 0x1000, 7, 0x1008], [7, 0x1010, 7, 0x1018]]


def test_bad_arguments() -> None:
    assert refusal(SampleReader, 0) == "words = 0: expected at least 1, the words of a sample"
    assert refusal(SampleReader, 1, patience=0) == "patience = 0: expected at least 1 cycle"


@pytest.mark.slow
def test_a_machine_can_do_without() -> None:
    text = verilog(load("digits-small"), memory=False)
    assert "m_axi_" not in text
    assert " s_axi_awaddr;" in text
