"""The driver's device inside a cocotb bench: its four operations become AXI4-Lite transactions of `cocotbext-axi`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from cocotb.task import resume
from cocotb.triggers import RisingEdge, with_timeout

from bsff.contract.registers import GLOBAL
from bsff.errors import DeviceError

BASE = 0xF58  # bursts of the first records cross a page
TIMEOUT_US = 2000
"""Longest transaction, in simulated microseconds; none of the machine's takes a tenth of it."""


class AxiDevice:
    """`bsff.machine.protocol.Device` for code that runs in a thread of `cocotb.task.bridge`.

    Parameters
    ----------
    dut : handle
    master : cocotbext.axi.AxiLiteMaster
    idle : int
        Clock cycles between two accesses, so that a polling driver does not fill the simulation with polls.
    memory : AxiMemory, optional
        Where buffers lie; without it the device says that it has none.
    """

    def __init__(self, dut: Any, master: Any, *, idle: int = 0, memory: Any = None) -> None:
        self._dut, self._master, self._idle, self._memory = dut, master, idle, memory
        self._buffers: list[tuple[int, np.ndarray[Any, Any]]] = []
        self._free = BASE

    @resume
    async def read(self, offset: int) -> int:
        answer = await with_timeout(self._master.read(offset, 4), TIMEOUT_US, "us")
        assert answer.resp == 0, f"read of 0x{offset:04x}: response {answer.resp}"
        for _ in range(self._idle):
            await RisingEdge(self._dut.aclk)
        value = int.from_bytes(answer.data, "little")
        if offset == GLOBAL["FEATURES"].offset and self._memory is None:
            value &= ~GLOBAL["FEATURES"].field("buffers").mask
        return value

    @resume
    async def write(self, offset: int, value: int) -> None:
        if offset == GLOBAL["BUFFER_SAMPLES"].offset:  # the memory of the simulation is not the host's
            for address, words in self._buffers:
                pairs = words.view(np.uint64).tolist()
                self._memory.words |= {address + 8 * i: pair for i, pair in enumerate(pairs)}
        answer = await with_timeout(self._master.write(offset, value.to_bytes(4, "little")), TIMEOUT_US, "us")
        assert answer.resp == 0, f"write of 0x{offset:04x}: response {answer.resp}"

    def allocate(self, words: int) -> Any:
        if self._memory is None:
            raise DeviceError("no buffers in this bench")
        buffer = SimpleNamespace(words=np.zeros(words, np.uint32), address=self._free, flush=lambda: None)
        self._buffers.append((buffer.address, buffer.words))
        self._free += 4 * words + 8
        return buffer

    def close(self) -> None:
        pass
