"""AXI4-Lite slave: cycles that its documentation claims, and random traffic on two simulators."""

from __future__ import annotations

import numpy as np
import pytest
from amaranth.hdl import Fragment, Module, ResetInserter, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator
from simulators import need
from slow_words import WORDS, SlowWords

import harness
from bsff_hw.bus import axi_lite
from bsff_hw.bus.axi_lite import OKAY, SLVERR, AxiLite, answer
from bsff_hw.machine import flat


def register_file() -> str:
    component = SlowWords()
    ports = flat.prefixed("s_axi_", axi_lite.PORTS)
    bus = set(component.signature.members) - set(axi_lite.PORTS)
    return flat.verilog(component, ports | {name: name for name in sorted(bus)}, name="bsff")


@pytest.mark.slow
@pytest.mark.parametrize("stalls", [0.0, 0.3, 0.7])
@pytest.mark.parametrize("simulator", ["verilator", pytest.param("icarus", marks=pytest.mark.icarus)])
def test_random_traffic(simulator: str, stalls: float, seed: int) -> None:
    need(simulator)
    harness.run(
        register_file(),
        top="bsff",
        bench="bench_axi_lite",
        simulator=simulator,
        seed=seed,
        environment={"BSFF_WORDS": str(WORDS), "BSFF_STALLS": str(stalls), "BSFF_ACCESSES": "200"},
    )


class Trace:
    """`AxiLite` in Amaranth's simulator: valid held as long as wanted, ready always, a word of each output a cycle."""

    def __init__(self, cycles: int, *, writes: int, reads: int, strobe: int = 15, wait: int = 0, w_late: int = 0):
        self.accepted: dict[str, list[int]] = {"aw": [], "w": [], "ar": []}
        self.requests: list[tuple[int, int]] = []
        self.responses: dict[str, list[int]] = {"b": [], "r": []}
        self.codes: list[int] = []
        self._dut = dut = AxiLite()
        left = {"aw": writes, "w": writes, "ar": reads}

        async def bench(context) -> None:
            get, set_ = context.get, context.set
            set_(dut.wstrb, strobe)
            set_(dut.bready, 1)
            set_(dut.rready, 1)
            await context.tick()  # leaves ready high
            waited, before = 0, 0
            for cycle in range(cycles):
                for channel, count in left.items():
                    late = w_late if channel == "w" else 0
                    set_(getattr(dut, f"{channel}valid"), count > 0 and cycle >= late)
                request = get(dut.host.request)
                if request and not before:
                    self.requests.append((cycle, get(dut.host.writes)))
                waited = waited + 1 if request else 0
                set_(dut.host.done, request and waited > wait)
                before = request and not get(dut.host.done)
                for channel in left:
                    if get(getattr(dut, f"{channel}valid")) and get(getattr(dut, f"{channel}ready")):
                        self.accepted[channel].append(cycle)
                        left[channel] -= 1
                for channel, seen in self.responses.items():
                    if get(getattr(dut, f"{channel}valid")):
                        seen.append(cycle)
                        self.codes.append(get(getattr(dut, f"{channel}resp")))
                await context.tick()

        simulator = Simulator(dut)
        simulator.add_clock(1e-8)
        simulator.add_testbench(bench)
        simulator.run()


@pytest.mark.parametrize("wait", [0, 1, 5])
def test_latency(wait: int) -> None:
    write = Trace(20, writes=1, reads=0, wait=wait)
    assert (write.accepted["aw"], write.requests, write.responses["b"]) == ([0], [(2, 1)], [3 + wait])
    read = Trace(20, writes=0, reads=1, wait=wait)
    assert (read.accepted["ar"], read.requests, read.responses["r"]) == ([0], [(2, 0)], [3 + wait])
    assert write.codes == read.codes == [OKAY]


def test_latency_of_late_data() -> None:
    trace = Trace(20, writes=1, reads=0, w_late=4)
    assert (trace.accepted["aw"], trace.requests, trace.responses["b"]) == ([0], [(6, 1)], [7])


def test_latency_of_error() -> None:
    trace = Trace(20, writes=1, reads=0, strobe=7)
    assert (trace.requests, trace.responses["b"], trace.codes) == ([], [2], [SLVERR])


@pytest.mark.parametrize("kind", ["writes", "reads"])
def test_throughput_of_one_direction(kind: str) -> None:
    trace = Trace(310, **{"writes": 0, "reads": 0, kind: 100})
    cycles = [cycle for cycle, _ in trace.requests]
    assert len(cycles) == 100
    assert set(np.diff(cycles)) == {3}


@pytest.mark.parametrize("strobe", [15, 7])
def test_reads_and_writes_take_turns(strobe: int) -> None:
    trace = Trace(410, writes=100, reads=100, strobe=strobe)
    assert len(trace.responses["r"]) == len(trace.responses["b"]) == 100
    if strobe == 15:
        assert [writes for _, writes in trace.requests] == [1, 0] * 100
        assert set(np.diff([cycle for cycle, _ in trace.requests])) == {2}


@pytest.mark.parametrize("blocked", ["b", "r"])
def test_a_response_not_taken_holds_up_only_its_own_kind(blocked: str) -> None:
    dut = AxiLite()
    seen = {"b": 0, "r": 0}

    async def bench(context) -> None:
        for name in ("awvalid", "wvalid", "arvalid", "bready", "rready"):
            context.set(getattr(dut, name), name != f"{blocked}ready")
        context.set(dut.wstrb, 15)
        context.set(dut.host.done, 1)
        for _ in range(60):
            await context.tick()
            for channel in seen:
                valid, ready = getattr(dut, f"{channel}valid"), getattr(dut, f"{channel}ready")
                seen[channel] += context.get(valid) and context.get(ready)
        assert context.get(getattr(dut, f"{blocked}valid"))

    simulator = Simulator(dut)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()
    assert seen.pop(blocked) == 0
    assert min(seen.values()) > 15


def test_no_output_follows_an_input_within_a_cycle(rng: np.random.Generator) -> None:
    dut = AxiLite()
    members = list(dut.signature.flatten(dut))
    inputs = [value for _, member, value in members if member.flow == In]
    outputs = {path: value for path, member, value in members if member.flow == Out}

    async def bench(context) -> None:
        for _ in range(2000):
            before = {name: context.get(value) for name, value in outputs.items()}
            for value in inputs:
                context.set(value, int(rng.integers(1 << len(value))))
            assert {name: context.get(value) for name, value in outputs.items()} == before
            await context.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()


def test_nothing_is_accepted_in_reset() -> None:
    dut = AxiLite()
    reset = Signal()
    ready = [dut.awready, dut.wready, dut.arready]

    async def bench(context) -> None:
        await context.tick()
        assert all(context.get(r) for r in ready)
        context.set(reset, 1)
        await context.tick()
        for _ in range(3):
            assert not any(context.get(r) for r in ready)
            await context.tick()

    simulator = Simulator(ResetInserter(reset)(dut))
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()


@pytest.mark.parametrize(
    ("address", "strobe", "expected"),
    [
        (0x1234, None, (0x1234, OKAY)),
        (0xFFFF, None, (0xFFFC, OKAY)),
        (0x0006, 15, (0x0004, OKAY)),
        (0x0006, 0, (None, SLVERR)),
        (0x0004, 7, (None, SLVERR)),
    ],
)
def test_answer(address: int, strobe: int | None, expected: tuple[int | None, int]) -> None:
    assert answer(address, strobe) == expected


class Plain(wiring.Component):
    def __init__(self) -> None:
        super().__init__({"one": In(4), "two": Out(4)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.sync += self.two.eq(self.one)
        return m


@pytest.mark.parametrize(
    ("ports", "message"),
    [
        ({"a": "one", "b": "three"}, "port b: Plain has no member three; it has one, two"),
        ({"aclk": "one", "b": "two"}, "port aclk is the shell's own; give member one another name"),
        ({"a": "one"}, "no port for two of Plain; name one for each"),
        (
            {"a": "one", "b": "two", "c": "two"},
            "several ports stand for one member of Plain: {'a': 'one', 'b': 'two', 'c': 'two'}; give each member one",
        ),
    ],
)
def test_flat_refuses(ports: dict[str, str], message: str) -> None:
    plain = Plain()
    Fragment.get(plain, None)  # else Amaranth warns of a component that was made and not used
    with pytest.raises(ValueError, match="port") as caught:
        flat.verilog(plain, ports, name="plain")
    assert str(caught.value) == message


def test_flat_text_is_the_same_every_time() -> None:
    first, second = register_file(), register_file()
    assert first == second
    for port in ("aclk", "aresetn", *flat.prefixed("s_axi_", axi_lite.PORTS)):
        assert f" {port};" in first
