"""The shell around a PS7 whose outputs the bench drives: registers over GP0, samples over HP0; see tests/gateware/boards/test_ps7.py."""

from __future__ import annotations

import os
import random
from types import SimpleNamespace
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge, Timer

from axi3_master import Axi3Master, Burst
from axi_memory import AxiMemory
from bsff_hw.bus.axi3.bridge import BASE
from bsff_hw.bus.axi3.burst import INCR

WORDS = int(os.environ["BSFF_WORDS"])
RECORDS = int(os.environ["BSFF_RECORDS"])
ADDRESS = int(os.environ["BSFF_ADDRESS"])
TOTAL = int(os.environ["BSFF_TOTAL"])
BEATS = -(-(1 + WORDS) // 2)


class Port:
    """A bus of the PS7 by the names that our masters and slaves use."""

    def __init__(self, ps7: Any, ours: str, theirs: str) -> None:
        self._ps7, self._ours, self._theirs = ps7, ours, theirs
        self.aclk = getattr(ps7, f"{theirs}ACLK")
        self.aresetn = SimpleNamespace(value=1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ps7, self._theirs + name.removeprefix(self._ours).upper())


async def clock(ps7: Any) -> None:
    while True:
        for level in (0, 1):
            ps7.FCLKCLK.value = level
            await Timer(5, "ns")


@cocotb.test()
async def registers_and_memory(dut: Any) -> None:
    rng = random.Random(cocotb.RANDOM_SEED)
    ps7 = dut.ps7
    ps7.FCLKRESETN.value = 0
    gp0, hp0 = Port(ps7, "s_axi_", "MAXIGP0"), Port(ps7, "m_axi_", "SAXIHP0")
    master = Axi3Master(gp0, rng, 0.2)
    memory = AxiMemory(hp0, rng, 0.2)
    words = [rng.getrandbits(64) for _ in range(RECORDS * BEATS - 1)]
    used = [half for word in words for half in (word & 0xFFFFFFFF, word >> 32)]
    handed_over = [half for i, half in enumerate(used) if i % (2 * BEATS) <= WORDS]  # the rest is padding
    last = (TOTAL - sum(handed_over)) % 2**32  # so that the sum is what the design waits for
    words.append(last)
    memory.words = {ADDRESS + 8 * i: word for i, word in enumerate(words)}
    cocotb.start_soon(clock(ps7))
    for _ in range(8):
        await RisingEdge(gp0.aclk)
        assert int(ps7.MAXIGP0ARREADY.value) == 0, "accepted in reset"
    ps7.FCLKRESETN.value = 15
    data = [rng.getrandbits(32) for _ in range(4)]
    write = Burst(0xABC, BASE + 0x10, 3, 2, INCR, list(data), [15] * 4)
    read = Burst(0x123, BASE + 0x10, 3, 2, INCR)
    outside = Burst(0xFFF, 0x7FFF_FFFC, 0, 2, INCR)
    for burst in (write, read, outside):
        master.ask(burst)
        for _ in range(4000):
            await RisingEdge(gp0.aclk)
            if burst.done:
                break
        assert burst.done, f"{burst} was not answered"
    assert write.responses == [0]
    assert read.responses == [0] * 4
    assert read.data == data
    assert outside.responses == [3]
    for _ in range(2000):
        await RisingEdge(gp0.aclk)
        if not int(dut.led.value):
            break
    assert not int(dut.led.value), "the records that were read are not those in memory"
    assert memory.beats == RECORDS * BEATS
