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


class Terminal:
    """A pseudo-terminal with something behind it, which answers bytes with bytes; the cable may do them harm.

    Attributes
    ----------
    path : str
        What the host opens.
    to_board, to_host : dict of int to str
        What happens at byte number so-and-so from the start: ``lose``, ``noise`` (a byte more), ``flip`` (a bit), ``twice``;
        to the board also ``unplug`` and what the board itself knows.
    sent, answered : int
        Bytes so far, as the host sent them and as the board answered.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.to_board: dict[int, str] = {}
        self.to_host: dict[int, str] = {}
        self.sent = self.answered = 0
        self.fault: BaseException | None = None
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="board", daemon=True)
        self._thread.start()

    def take(self, byte: bytes, event: str) -> bytes:
        """One or no byte from the host, or several, and what happens to the board before; returns the answer."""
        raise NotImplementedError

    def idle(self) -> bytes:
        """Nothing comes from the host for now."""
        raise NotImplementedError

    def unplug(self) -> None:
        """What a user does who trips over the cable."""
        self._ends.set()
        self._thread.join(60)

    def _run(self) -> None:
        try:
            still = 0
            while not self._ends.is_set():
                ready, _, _ = select.select([self._master], [], [], 0.01 if still > RESTING else 0)
                still = 0 if ready else still + 1
                heard = b"".join(map(self._hear, os.read(self._master, 256))) if ready else self.idle()
                said = b"".join(map(self._say, heard))
                still = 0 if said else still
                if said:
                    os.write(self._master, said)
        except BaseException as error:
            self.fault = error
        finally:
            for end in (self._master, self._slave):
                os.close(end)

    def _hear(self, byte: int) -> bytes:
        event = self.to_board.pop(self.sent, "")
        self.sent += 1
        if event == "unplug":
            self._ends.set()
        return b"" if self._ends.is_set() else self.take(self._damaged(byte, event), event)

    def _say(self, byte: int) -> bytes:
        event = self.to_host.pop(self.answered, "")
        self.answered += 1
        return self._damaged(byte, event)

    def _damaged(self, byte: int, event: str) -> bytes:
        one = bytes([byte])
        if event == "lose":
            return b""
        if event == "noise":
            return self.rng.bytes(1) + one
        if event == "twice":
            return one + one
        if event == "flip":
            return bytes([byte ^ 1 << int(self.rng.integers(8))])
        return one


class Board(Terminal):
    """A machine in the simulator; it also knows the events ``glitch`` (a short pulse), ``break`` and ``reset``.

    Parameters
    ----------
    line : SimulatedLine
    cycles : int
        Of a bit.
    drift, edges :
        As for `levels`.
    pause : float
        Share of bytes before which the line rests, for up to two bytes.
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
        self.line, self._cycles = line, cycles
        self._drift, self._edges, self._pause = drift, edges, pause
        self._ear = Ear(cycles)
        super().__init__(rng)

    def take(self, byte: bytes, event: str) -> bytes:
        low, high = 0, 0
        if event == "reset":
            self.line.reset()
        elif event == "glitch":
            low, high = 1, 2 * self._cycles
        elif event == "break":
            low, high = 15 * self._cycles, 2 * self._cycles
        elif self.rng.random() < self._pause:
            high = int(self.rng.integers(1, 2 * BITS * self._cycles))
        before = np.repeat(np.array([0, 1], np.uint8), [low, high])
        said = levels(byte, self._cycles, self.rng, drift=self._drift, edges=self._edges)
        return self._ear.hear(self.line.run(np.concatenate([before, said])))

    def idle(self) -> bytes:
        return self._ear.hear(self.line.run(IDLE_CYCLES))


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
    if made.fault is not None and not isinstance(made.fault, OSError):  # what closes the terminal may come first
        raise made.fault
