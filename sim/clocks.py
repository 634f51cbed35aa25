"""What every bench needs: a clock, a reset, random stalls, and a watch for unknown outputs."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

PERIOD_NS = 10


async def start(dut: Any, *, cycles: int = 4) -> None:
    """Start ``aclk`` and hold ``aresetn`` low for some cycles. Make the bus masters before: they drive their inputs."""
    dut.aresetn.value = 0
    cocotb.start_soon(Clock(dut.aclk, PERIOD_NS, unit="ns").start())
    await reset(dut, cycles=cycles)


async def reset(dut: Any, *, cycles: int = 4) -> None:
    """Reset for that many rising edges; returns before the first one without reset.

    Begins at an edge: a caller that woke by a timer may stand before or after the edge of its own time step, and a
    reset of one cycle could begin and end there.
    """
    await RisingEdge(dut.aclk)
    dut.aresetn.value = 0
    for _ in range(cycles):
        await RisingEdge(dut.aclk)
    dut.aresetn.value = 1


def stalls(rng: random.Random, share: float) -> Iterator[bool]:
    """Endless pauses, one a cycle, for ``set_pause_generator``: `share` of the cycles are stalled, in bursts.

    Bursts of random length find more than independent coins, which hardly ever fill a queue.
    """
    while True:
        scale = rng.choice((1, 1, 4, 16))
        for paused in (True, False):
            mean = scale * 2 * (share if paused else 1 - share)
            for _ in range(round(rng.expovariate(1 / mean)) if mean else 0):
                yield paused


def stall_axi(master: Any, rng: random.Random, share: float) -> None:
    """Random stalls on the five channels of an `AxiLiteMaster` or `AxiMaster`."""
    write, read = master.write_if, master.read_if
    for channel in (write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel):
        channel.set_pause_generator(stalls(random.Random(rng.getrandbits(32)), share))


async def watch_x(dut: Any, names: Iterable[str]) -> None:
    """Fail the test when an output is X or Z at a rising edge outside reset; to be given to ``cocotb.start_soon``.

    Only Icarus can show it. It is how reset and initialisation are checked: Verilator has no X.
    """
    watched = [(name, getattr(dut, name)) for name in names]
    edge = RisingEdge(dut.aclk)
    while True:
        await edge
        if int(dut.aresetn.value):
            for name, handle in watched:
                value = handle.value
                assert value.is_resolvable, f"{name} is {value} at {cocotb.simtime.get_sim_time('ns')} ns"
