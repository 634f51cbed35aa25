"""The bridge from AXI3: random bursts on two simulators, its model, and the cycles that it claims."""

from __future__ import annotations

from typing import Any

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator
from hw_helpers import refusal
from simulators import need
from slow_words import WORDS, SlowWords

import harness
from bsff_hw.bus import axi_lite
from bsff_hw.bus.axi3 import bridge as axi3
from bsff_hw.bus.axi3.bridge import BASE, DECERR, Axi3Bridge, answer_burst
from bsff_hw.bus.axi3.burst import FIXED, INCR, WRAP, BurstAddress, addresses
from bsff_hw.bus.join import join
from bsff_hw.machine import flat

PATIENCE = 400


class Bridged(wiring.Component):
    """The bridge and a register file; ``hold`` keeps addresses (bit 0) or answers (bit 1) from passing."""

    def __init__(self) -> None:
        visible = {"request": Out(1), "writes": Out(1), "address": Out(16), "write_data": Out(32), "done": Out(1)}
        super().__init__({**axi3.PORTS, **visible, "hold": In(2)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.bridge = bridge = Axi3Bridge(patience=PATIENCE)
        m.submodules.file = file = SlowWords()
        m.d.comb += join(self, bridge, axi3.PORTS)
        for name in ("request", "writes", "address", "write_data", "done"):
            m.d.comb += getattr(self, name).eq(getattr(file, name))
        for name, member in axi_lite.PORTS.items():
            upper, lower = getattr(bridge.lite, name), getattr(file, name)
            source, sink = (upper, lower) if member.flow == In else (lower, upper)
            if name.endswith(("valid", "ready")):
                source = source & ~self.hold[name[0] in "rb"]
            m.d.comb += sink.eq(source)
        return m


def design() -> str:
    component = Bridged()
    ports = flat.prefixed("s_axi_", axi3.PORTS)
    own = set(component.signature.members) - set(axi3.PORTS)
    return flat.verilog(component, ports | {name: name for name in sorted(own)}, name="bsff")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("simulator", "stalls"),
    [("verilator", 0.0), ("verilator", 0.6), pytest.param("icarus", 0.3, marks=pytest.mark.icarus)],
)
def test_random_bursts(simulator: str, stalls: float, seed: int) -> None:
    need(simulator)
    harness.run(
        design(),
        top="bsff",
        bench="bench_axi3",
        simulator=simulator,
        seed=seed,
        environment={
            "BSFF_WORDS": str(WORDS), "BSFF_STALLS": str(stalls), "BSFF_BURSTS": "60", "BSFF_GIVES_UP": str(PATIENCE),
        },
    )  # fmt: skip


def test_addresses_of_every_burst() -> None:
    """All lengths, sizes and kinds: the component steps as the model."""
    dut = BurstAddress()
    cases, expected = [], []
    for base in (0x4000_0000, 0x4000_1FC4, 0x4000_0035, 0xFFFF_FFFC):
        for burst in (FIXED, INCR, WRAP, 3):
            for size in (0, 1, 2, 3):
                for length in (1, 3, 7, 15) if burst == WRAP else range(1, 16):
                    beats = addresses(base, length, size, INCR if burst == 3 else burst)
                    assert len(beats) == length + 1
                    cases += [(at, length, size, burst) for at in beats[:-1]]
                    expected += beats[1:]
    m = Module()
    m.submodules.dut = dut
    found: list[int] = []

    async def bench(context: Any) -> None:
        for case in cases:
            for signal, value in zip((dut.address, dut.length, dut.size, dut.burst), case, strict=True):
                context.set(signal, value)
            found.append(context.get(dut.following))

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
    assert found == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0x100, 3, 2, INCR), [0x100, 0x104, 0x108, 0x10C]),
        ((0x103, 2, 2, INCR), [0x103, 0x104, 0x108]),  # only the first is unaligned
        ((0x10A, 3, 1, WRAP), [0x10A, 0x10C, 0x10E, 0x108]),
        ((0x108, 3, 2, WRAP), [0x108, 0x10C, 0x100, 0x104]),
        ((0x106, 3, 0, FIXED), [0x106] * 4),
        ((0xFFFFFFFC, 1, 2, INCR), [0xFFFFFFFC, 0]),
    ],
)
def test_addresses_by_hand(arguments: tuple[int, ...], expected: list[int]) -> None:
    assert addresses(*arguments) == expected


def test_answers_by_hand() -> None:
    assert answer_burst(BASE + 0xFFFC, 1, 2, INCR) == [(0xFFFC, 0), (None, DECERR)]
    assert answer_burst(BASE + 6, 1, 1, FIXED, strobes=[15, 12]) == [(4, 0), (None, 2)]


def test_latency() -> None:
    """One beat, with an AXI4-Lite side that answers at once."""
    dut = Axi3Bridge()
    seen: dict[str, int] = {}

    async def bench(context: Any) -> None:
        for name in ("araddr", "awaddr"):
            context.set(getattr(dut, name), BASE)
        for name in ("arvalid", "awvalid", "wvalid", "rready", "bready"):
            context.set(getattr(dut, name), 1)
        for name in ("arready", "awready", "wready", "rvalid", "bvalid"):
            context.set(getattr(dut.lite, name), 1)
        while not context.get(dut.arready):
            await context.tick()
        for cycle in range(20):
            for name in ("rvalid", "bvalid"):
                if context.get(getattr(dut, name)):
                    seen.setdefault(name, cycle)
            await context.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()
    assert seen == {"rvalid": 3, "bvalid": 4}


def test_bad_arguments() -> None:
    assert refusal(Axi3Bridge, base=0x40008000) == "base = 0x40008000: expected a multiple of 0x10000 below 4 GiB"
    assert refusal(Axi3Bridge, patience=0) == "patience = 0: expected at least 1 cycle"
