"""A board without a board: the machine behind its serial line in the simulator, at the other end of a pseudo-terminal."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import tty
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bsff.config import load
from bsff_hw.simulation.line import SimulatedLine

Levels = NDArray[np.uint8]
BITS = 10
IDLE_CYCLES = 2000
"""Clock cycles that pass at a time while the host says nothing."""
RESTING = 100
"""Times that, after which the board does not hurry any more."""
SILENCE_CYCLES = 20_000
"""Cycles without a byte that end a frame."""


def levels(data: bytes, cycles: int, rng: np.random.Generator, *, drift: float = 0.0, edges: int = 0) -> Levels:
    """The line while bytes are sent.

    Parameters
    ----------
    cycles : int
        Clock cycles of a bit.
    drift : float
        Each byte has a rate of its own, off by this share at most.
    edges : int
        Each edge comes early or late by so many cycles at most.
    """
    bits = np.ones((len(data), BITS), np.uint8)
    bits[:, 0] = 0
    bits[:, 1:9] = np.unpackbits(np.frombuffer(data, np.uint8)[:, None], axis=1, bitorder="little")
    rates = cycles * (1 + rng.uniform(-drift, drift, (len(data), 1)))
    ends = np.rint(rates * np.arange(1, BITS + 1)).astype(np.int64)
    ends[:, :-1] += rng.integers(-edges, edges + 1, (len(data), BITS - 1))
    lengths = np.diff(ends, axis=1, prepend=0)
    return np.repeat(bits.reshape(-1), lengths.reshape(-1))


class Ear:
    """Bytes from the levels of a line: a receiver of our own, that samples the middle of each bit."""

    def __init__(self, cycles: int) -> None:
        self._cycles = cycles
        self._rest = np.empty(0, np.uint8)

    def hear(self, more: Levels) -> bytes:
        line = np.concatenate([self._rest, more])
        heard, place = bytearray(), 0
        while True:
            low = np.flatnonzero(line[place : place + len(line)] == 0)
            if not low.size:
                self._rest = line[len(line) :]
                break
            start = place + int(low[0])
            if start + BITS * self._cycles > len(line):
                self._rest = line[start:]
                break
            bits = line[start + self._cycles // 2 + self._cycles * np.arange(BITS)]
            assert bits[0] == 0, "a start bit too short"
            assert bits[9] == 1, "no stop bit"
            heard.append(int(np.packbits(bits[1:9], bitorder="little")[0]))
            place = start + BITS * self._cycles - self._cycles // 2
        return bytes(heard)


class Board:
    """A machine on a pseudo-terminal; faults are asked for by the number of the byte at which they come.

    Parameters
    ----------
    line : SimulatedLine
    cycles : int
        Of a bit.
    drift, edges :
        As for `levels`.
    pause : float
        Share of bytes before which the line rests, for up to two bytes.

    Attributes
    ----------
    path : str
        What the host opens.
    to_machine, to_host : dict of int to str
        ``lose``, ``noise`` (a byte more), ``flip`` (a bit), ``twice``, ``glitch`` (a short pulse), ``break`` (the line held
        low) or ``reset`` (of the machine) before byte number so-and-so from the start.
    """

    def __init__(
        self,
        line: SimulatedLine,
        cycles: int,
        rng: np.random.Generator,
        *,
        drift: float = 0.0,
        edges: int = 0,
        pause: float = 0.0,
    ) -> None:
        self.line, self._cycles, self._rng = line, cycles, rng
        self._drift, self._edges, self._pause = drift, edges, pause
        self.to_machine: dict[int, str] = {}
        self.to_host: dict[int, str] = {}
        self.sent = self.answered = 0
        self.fault: BaseException | None = None
        self._ear = Ear(cycles)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="board", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """What a user does who trips over the cable; the simulator stays."""
        self._ends.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(60)
        for end in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(end)

    def _run(self) -> None:
        try:
            idle = 0
            while not self._ends.is_set():
                ready, _, _ = select.select([self._master], [], [], 0.01 if idle > RESTING else 0)
                if ready:
                    idle = 0
                    self._answer(self._ear.hear(self.line.run(self._line(os.read(self._master, 256)))))
                else:
                    heard = self._ear.hear(self.line.run(IDLE_CYCLES))
                    idle = 0 if heard else idle + 1
                    self._answer(heard)
        except BaseException as error:
            self.fault = error
            raise

    def _line(self, data: bytes) -> Levels:
        parts = []
        for byte in data:
            one, before = bytes([byte]), []
            fault = self.to_machine.pop(self.sent, "")
            self.sent += 1
            if fault == "unplug":
                self._ends.set()
            elif fault == "reset":
                self.line.reset()
            elif fault == "glitch":
                before = [np.zeros(1, np.uint8), np.ones(2 * self._cycles, np.uint8)]
            elif fault == "break":
                before = [np.zeros(30 * self._cycles, np.uint8), np.ones(2 * self._cycles, np.uint8)]
            elif self._rng.random() < self._pause:
                before = [np.ones(int(self._rng.integers(1, 2 * BITS * self._cycles)), np.uint8)]
            said = levels(self._damaged(one, fault), self._cycles, self._rng, drift=self._drift, edges=self._edges)
            parts += [*before, said]
        return np.concatenate(parts)

    def _answer(self, heard: bytes) -> None:
        data = bytearray()
        for byte in heard:
            data += self._damaged(bytes([byte]), self.to_host.pop(self.answered, ""))
            self.answered += 1
        if data:
            os.write(self._master, data)

    def _damaged(self, one: bytes, fault: str) -> bytes:
        if fault == "lose":
            return b""
        if fault == "noise":
            return self._rng.bytes(1) + one
        if fault == "twice":
            return one + one
        if fault == "flip":
            return bytes([one[0] ^ 1 << int(self._rng.integers(8))])
        return one


@cache
def serial_text(name: str, cycles: int) -> str:
    """The Verilog of a built-in network behind a serial line, with so many cycles a bit."""
    from bsff_hw.machine.serial import serial_verilog

    return serial_verilog(load(name), cycles * 1e6, 1e6, silence=SILENCE_CYCLES / (cycles * 1e6))


@contextlib.contextmanager
def board(name: str, cycles: int, rng: np.random.Generator, **options: float) -> Iterator[Board]:
    """A board with a built-in network; a fault of the board itself is raised at the end."""
    line = SimulatedLine(serial_text(name, cycles))
    made = Board(line, cycles, rng, **options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.unplug()
        line.close()
    if made.fault is not None:
        raise made.fault
