"""What happens on a register bus, seen from beside it; the words behind it repeat in the address space."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import RisingEdge


class Bus:
    """What happens on the register bus, and what the words behind it must hold."""

    def __init__(self, dut: Any, words: int) -> None:
        self.writes: list[tuple[int, int]] = []
        self.reads: list[tuple[int, int]] = []
        self.words = [0] * words
        cocotb.start_soon(self._watch(dut))

    async def _watch(self, dut: Any) -> None:
        edge = RisingEdge(dut.aclk)
        before = None
        while True:
            await edge
            if not int(dut.aresetn.value):
                before = None
                self.words = [0] * len(self.words)
                continue
            if not int(dut.request.value):
                assert before is None, f"request fell without done: {before}"
                continue
            writes, address = int(dut.writes.value), int(dut.address.value)
            data = int(dut.write_data.value) if writes else 0
            assert before in (None, (writes, address, data)), f"{before} changed while it waited"
            before = (writes, address, data)
            if int(dut.done.value):
                before = None
                word = address // 4 % len(self.words)
                if writes:
                    self.writes.append((address, data))
                    self.words[word] = data
                else:
                    self.reads.append((address, self.words[word]))
