"""A model of the bridge in Python, over any device: what the host talks to where no gateware is wanted."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from serial_board import Terminal

from bsff.config import load
from bsff.contract.registers import (
    BRIDGE,
    BRIDGE_BASE,
    BRIDGE_MAGIC,
    BRIDGE_VERSION,
    EVENTS,
    GLOBAL,
    PARCEL_BASE,
    PORT_WORDS,
    RELEASE,
    REPLY_BASE,
    WINDOW,
)
from bsff.contract.serial import Code, Command, Kind, checksum, reply_extent, reply_header, words_of
from bsff.errors import DeviceError
from bsff.machine.devices.emulated import EmulatedDevice

SILENCE = 0.1
NOTHING = 0xFFFFFFFF


class NoMemory(EmulatedDevice):
    """The golden model without a way to memory, as the machine behind a serial line has none."""

    def read(self, offset: int) -> int:
        return 0 if offset == GLOBAL["FEATURES"].offset else super().read(offset)


class Model(Terminal):
    """What docs/serial.md says of the bridge, byte by byte.

    Parameters
    ----------
    device : Device
        What lies behind it.

    Attributes
    ----------
    counts : dict of str to int
        As the bridge counts.
    stuck : set of int
        Offsets of registers that read 0 where a parcel waits for them.
    mute : bool
        The board says nothing.
    """

    def __init__(self, device: Any, rng: np.random.Generator) -> None:
        self.device = device
        self.counts = dict.fromkeys(EVENTS, 0)
        self.stuck: set[int] = set()
        self.mute = False
        self.version = BRIDGE_VERSION
        self._data = bytearray()
        self._deaf, self._last = False, time.monotonic()
        self.reset()
        super().__init__(rng)

    def reset(self) -> None:
        self.session = self.sequence = 0
        self.halted = False
        self._reply = [0, 0]

    def idle(self) -> bytes:
        if time.monotonic() - self._last > SILENCE:
            self.counts["cuts"] += bool(self._data) and not self._deaf
            self._data.clear()
            self._deaf = False
        return b""

    def take(self, byte: bytes, event: str) -> bytes:
        if event == "reset":
            self.reset()
        self.idle()
        self._last = time.monotonic()
        if self._deaf or self.mute:
            return b""
        self._data += byte
        data = self._data
        if (data and data[0] not in list(Command)) or (len(data) > 1 and data[1] == 0):
            self.counts["unknown"] += 1
            self._deaf = True
            return b""
        if len(data) < 6:
            return b""
        command, count, address = Command(data[0]), data[1], 4 * int.from_bytes(data[2:6], "big")
        self.counts["frames"] += len(data) == 6
        writes = command in (Command.WRITE, Command.WRITE_FIXED)
        if writes and len(data) < 6 + 4 * count:
            return b""
        body, self._data = bytes(data[6:]), bytearray()
        step = 4 * (command in (Command.WRITE, Command.READ))
        if writes:
            self._write(address, step, body)
            return b""
        answer = b"".join(self._word(address + step * place).to_bytes(4, "big") for place in range(count))
        return answer[:-4] + checksum(answer[:-4]) if REPLY_BASE <= address < REPLY_BASE + 4 * PORT_WORDS else answer

    def _word(self, address: int) -> int:
        if address < WINDOW:
            self.counts["locked_out"] += bool(self.session)
            return NOTHING if self.session else self.device.read(address)
        names = {BRIDGE_BASE + register.offset: name for name, register in BRIDGE.items()}
        place = (address - REPLY_BASE) // 4
        if 0 <= place < len(self._reply):
            return self._reply[place]
        shown = {
            "BRIDGE_MAGIC": BRIDGE_MAGIC, "BRIDGE_VERSION": self.version, "BRIDGE_INBOX": 2048,
            "BRIDGE_SESSION": self.session,
        } | {f"COUNT_{name.upper()}": count for name, count in self.counts.items()}  # fmt: skip
        return shown.get(names.get(address, ""), 0)

    def _write(self, address: int, step: int, body: bytes) -> None:
        words = words_of(body)
        if PARCEL_BASE <= address < PARCEL_BASE + 4 * PORT_WORDS:
            self._parcel(words[0], words[1:-1], checksum(body[:-4]) == body[-4:])
        elif address == BRIDGE_BASE + BRIDGE["BRIDGE_RELEASE"].offset and words == [RELEASE]:
            self.session = 0
        elif address < WINDOW:
            for place, word in enumerate(words):
                if self.session:
                    self.counts["locked_out"] += 1
                else:
                    self.device.write(address + step * place, word)

    def _parcel(self, header: int, words: list[int], whole: bool) -> None:
        sequence, session = header & 0xFFFF, header >> 16 & 0xFF
        opens, closes, resumes = (bool(header >> bit & 1) for bit in (24, 25, 26))
        ours = session == self.session != 0
        if whole and ours and sequence == self.sequence:
            return
        due = ours and sequence == (self.sequence + 1) % 2**16 and (resumes or not self.halted)
        if not whole or not (due or opens):
            self.counts["refused"] += 1
            return
        self.sequence, self.session = sequence, session
        code, place, read = self._carry_out(words)
        self.halted = code != Code.DONE
        self.session = 0 if closes else session
        self._reply = [
            reply_header(code, self.session, sequence, halted=self.halted), reply_extent(place, len(read)), *read
        ]  # fmt: skip

    def _carry_out(self, words: list[int]) -> tuple[Code, int, list[int]]:
        place, read = 0, []
        while place < len(words):
            word, begun = words[place], place
            kind, count, address, step = Kind(word & 3), word >> 8 & 0xFF, word >> 16, 4 * (word >> 2 & 1)
            place += 1
            try:
                for number in range(count):
                    if kind is Kind.WRITE:
                        self.device.write(address + step * number, words[place])
                        place += 1
                    elif kind is Kind.READ:
                        read.append(self.device.read(address + step * number))
                    elif address in self.stuck or self.device.read(address) == 0:
                        return Code.NOT_READY, begun, read
            except DeviceError:
                return Code.ERROR, begun, read
        return Code.DONE, place, read


@contextlib.contextmanager
def model(name: str, rng: np.random.Generator) -> Iterator[Model]:
    """The golden model of a built-in network behind the model of the bridge; a fault of the model is raised at the end."""
    made = Model(NoMemory(load(name)), rng)
    try:
        yield made
    finally:
        made.unplug()
    if made.fault is not None and not isinstance(made.fault, OSError):
        raise made.fault
