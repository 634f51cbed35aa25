"""A master of AXI3 with random pauses on every channel, as the processor's GP port is one."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

import clocks


@dataclass
class Burst:
    """What is asked for, and what came back."""

    id: int
    address: int
    length: int
    size: int
    burst: int
    data: list[int] = field(default_factory=list)
    strobes: list[int] | None = None
    responses: list[int] = field(default_factory=list)
    done: bool = False


class Axi3Master:
    """Sends bursts in order, several at once; responses must come in that order with the right ID.

    Parameters
    ----------
    dut : handle
    rng : random.Random
    stalls : float
        Share of cycles in which a channel pauses.
    prefix : str
    """

    def __init__(self, dut: Any, rng: random.Random, stalls: float, prefix: str = "s_axi_") -> None:
        self._dut, self._prefix = dut, prefix
        self._addresses: dict[str, deque[Burst]] = {"ar": deque(), "aw": deque()}
        self._words: deque[tuple[int, int, int, int]] = deque()
        self._expected: dict[str, deque[Burst]] = {"r": deque(), "b": deque()}
        pause = {c: clocks.stalls(random.Random(rng.random()), stalls) for c in ("ar", "aw", "w", "r", "b")}
        for name in ("arvalid", "awvalid", "wvalid", "rready", "bready"):
            self._port(name).value = 0
        for channel in ("ar", "aw"):
            for name in ("lock", "cache", "prot"):
                self._port(channel + name).value = rng.getrandbits(2)
            cocotb.start_soon(self._send(channel, pause[channel]))
        cocotb.start_soon(self._send("w", pause["w"]))
        cocotb.start_soon(self._take("r", pause["r"]))
        cocotb.start_soon(self._take("b", pause["b"]))

    def ask(self, burst: Burst) -> None:
        """Queue a burst: a write if it has strobes."""
        write = burst.strobes is not None
        self._addresses["aw" if write else "ar"].append(burst)
        self._expected["b" if write else "r"].append(burst)
        if burst.strobes is not None:
            for i, (data, strobe) in enumerate(zip(burst.data, burst.strobes, strict=True)):
                self._words.append((burst.id, data, strobe, i == burst.length))

    def _port(self, name: str) -> Any:
        return getattr(self._dut, self._prefix + name)

    def _get(self, name: str) -> int:
        return int(self._port(name).value)

    async def _send(self, channel: str, pause: Iterator[bool]) -> None:
        edge = RisingEdge(self._dut.aclk)
        queue: deque[Any] = self._words if channel == "w" else self._addresses[channel]
        offered = False
        while True:
            await edge
            if offered and self._get(channel + "ready"):
                queue.popleft()
                offered = False
            if not offered and queue and not next(pause):
                offered = True
                item = queue[0]
                names = ("id", "data", "strb", "last") if channel == "w" else ("id", "addr", "len", "size", "burst")
                values = item if channel == "w" else (item.id, item.address, item.length, item.size, item.burst)
                for name, value in zip(names, values, strict=True):
                    self._port(channel + name).value = value
            self._port(channel + "valid").value = offered

    async def _take(self, channel: str, pause: Iterator[bool]) -> None:
        """Responses, which must hold while they wait."""
        edge = RisingEdge(self._dut.aclk)
        names = ("id", "resp", "data", "last") if channel == "r" else ("id", "resp")
        waiting: tuple[int, ...] | None = None
        while True:
            await edge
            if self._get(channel + "valid"):
                seen = tuple(self._get(channel + name) for name in names)
                assert waiting in (None, seen), f"{channel}: {waiting} became {seen} while it waited"
                waiting = seen
                if self._get(channel + "ready"):
                    waiting = None
                    self._note(channel, *seen)
            else:
                assert waiting is None, f"{channel}: {waiting} was taken back"
            self._port(channel + "ready").value = not next(pause)

    def _note(self, channel: str, id_: int, response: int, data: int = 0, last: int = 1) -> None:
        assert self._expected[channel], f"{channel}: a response that nobody asked for"
        burst = self._expected[channel][0]
        assert id_ == burst.id, f"{channel}: ID {id_:#x}, expected {burst.id:#x}"
        burst.responses.append(response)
        if channel == "r":
            burst.data.append(data)
            assert last == (len(burst.data) == burst.length + 1), f"RLAST = {last} after {len(burst.data)} beats"
        if last:
            burst.done = True
            self._expected[channel].popleft()
