"""Memory behind an AXI3 read master, with stalls, errors and silence, which looks at what the master asks for."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

import clocks

BEAT = 8
PAGE = 4096
DECERR = 3


class AxiMemory:
    """Answers the master at `prefix`; an address that nothing was stored at is answered DECERR.

    Parameters
    ----------
    dut : handle
    rng : random.Random
    stalls : float
        Share of the cycles in which an address is not taken, and of those in which there is no data.
    prefix : str

    Attributes
    ----------
    words : dict of int to int
        64 bits by byte address.
    responses : dict of int to int
        RRESP of an address; else 0.
    silent : bool
        Give no data.
    beats : int
        Beats delivered.
    """

    def __init__(self, dut: Any, rng: random.Random, stalls: float, prefix: str = "m_axi_") -> None:
        self.words: dict[int, int] = {}
        self.responses: dict[int, int] = {}
        self.silent = False
        self.beats = 0
        self._dut, self._prefix = dut, prefix
        self._address_stalls, self._data_stalls = (clocks.stalls(random.Random(rng.random()), stalls) for _ in "ab")
        self._queue: deque[tuple[int, bool]] = deque()
        for name in ("arready", "rid", "rdata", "rresp", "rlast", "rvalid"):
            self._port(name).value = 0
        cocotb.start_soon(self._serve())

    def read(self, address: int) -> tuple[int, int]:
        """The word and the response at an address."""
        return self.words.get(address, 0), self.responses.get(address, 0 if address in self.words else DECERR)

    def _port(self, name: str) -> Any:
        return getattr(self._dut, self._prefix + name)

    def _get(self, name: str) -> int:
        return int(self._port(name).value)

    async def _serve(self) -> None:
        edge = RisingEdge(self._dut.aclk)
        waiting: tuple[int, ...] | None = None
        offered = False
        while True:
            await edge
            if not int(self._dut.aresetn.value):
                waiting, offered = None, False
                self._queue.clear()
                self._port("arready").value = self._port("rvalid").value = 0
                continue
            if offered and self._get("rready"):
                self._queue.popleft()
                self.beats += 1
                offered = False
            if self._get("arvalid"):
                asked = tuple(self._get(name) for name in ("araddr", "arlen", "arsize", "arburst", "arid"))
                assert waiting in (None, asked), f"{waiting} became {asked} while it waited"
                waiting = asked
                if self._get("arready"):
                    waiting = None
                    self._take(*asked)
            else:
                assert waiting is None, f"the request {waiting} was taken back"
            self._port("arready").value = not next(self._address_stalls)
            if not offered and self._queue and not self.silent and not next(self._data_stalls):
                address, last = self._queue[0]
                value, response = self.read(address)
                offered = True
                self._port("rdata").value = value
                self._port("rresp").value = response
                self._port("rlast").value = last
            self._port("rvalid").value = offered

    def _take(self, address: int, length: int, size: int, burst: int, _: int) -> None:
        beats = length + 1
        assert (size, burst) == (3, 1), f"size {size}, burst {burst}: expected 8 bytes, rising"
        assert address % BEAT == 0, f"address {address:#x} is not a multiple of {BEAT}"
        assert address // PAGE == (address + BEAT * beats - 1) // PAGE, f"{beats} beats at {address:#x} leave the page"
        assert not self._queue, "a second burst while one is under way"
        self._queue.extend((address + BEAT * i, i == beats - 1) for i in range(beats))
