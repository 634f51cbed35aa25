"""The driver's device inside a cocotb bench: its four operations become AXI4-Lite transactions of `cocotbext-axi`."""

from __future__ import annotations

from typing import Any

from cocotb.task import resume
from cocotb.triggers import RisingEdge, with_timeout

from bsff.errors import DeviceError

TIMEOUT_US = 2000
"""Longest transaction, in simulated microseconds; none of the machine's takes a tenth of it."""


class AxiDevice:
    """`bsff.devices.protocol.Device` for code that runs in a thread of `cocotb.task.bridge`.

    Parameters
    ----------
    dut : handle
    master : cocotbext.axi.AxiLiteMaster
    idle : int
        Clock cycles between two accesses, so that a polling driver does not fill the simulation with polls.
    """

    def __init__(self, dut: Any, master: Any, *, idle: int = 0) -> None:
        self._dut, self._master, self._idle = dut, master, idle

    @resume
    async def read(self, offset: int) -> int:
        answer = await with_timeout(self._master.read(offset, 4), TIMEOUT_US, "us")
        assert answer.resp == 0, f"read of 0x{offset:04x}: response {answer.resp}"
        for _ in range(self._idle):
            await RisingEdge(self._dut.aclk)
        return int.from_bytes(answer.data, "little")

    @resume
    async def write(self, offset: int, value: int) -> None:
        answer = await with_timeout(self._master.write(offset, value.to_bytes(4, "little")), TIMEOUT_US, "us")
        assert answer.resp == 0, f"write of 0x{offset:04x}: response {answer.resp}"

    def allocate(self, words: int) -> Any:
        raise DeviceError("no buffers in this bench")

    def close(self) -> None:
        pass
