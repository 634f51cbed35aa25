"""From pins to registers: plain frames, parcels, faults, and a bus that refuses or stays silent."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
from axi_slave import AxiSlave
from hw_helpers import simulate
from seeds import rng_for
from serial_board import BITS, Ear, levels

from bsff.contract.registers import BRIDGE, BRIDGE_BASE, BRIDGE_MAGIC, EVENTS, PARCEL_BASE, RELEASE, REPLY_BASE
from bsff.contract.serial import (
    Code,
    Command,
    Kind,
    checksum,
    frame,
    operation,
    parcel,
    parcel_header,
    reply_extent,
    reply_header,
    words_of,
)
from bsff_hw.uart import Bridge

CYCLES, SILENCE, PATIENCE = 4, 500, 100
NOTHING = 0xFFFFFFFF


class Talk:
    """A host at the pins."""

    def __init__(self, context: Any, dut: Bridge, rng: np.random.Generator) -> None:
        self._context, self._dut, self._rng = context, dut, rng
        self._ear = Ear(CYCLES)

    async def say(self, data: bytes, *, low: int = 0, wait: int = 0) -> bytes:
        """Hold the line low for some cycles, send bytes, wait for some cycles, and return what came meanwhile."""
        line = []
        for level in [*[0] * low, *levels(data, CYCLES, self._rng), *[1] * wait]:
            self._context.set(self._dut.rx, int(level))
            line.append(self._context.get(self._dut.tx))
            await self._context.tick()
        return self._ear.hear(np.array(line, np.uint8))

    async def ask(self, data: bytes, count: int) -> list[int]:
        """Send bytes, and return the words of the answer."""
        return words_of(await self.say(data, wait=(4 * count + 4) * BITS * CYCLES + 2 * PATIENCE))

    async def counts(self) -> dict[str, int]:
        first = BRIDGE_BASE + BRIDGE[f"COUNT_{EVENTS[0].upper()}"].offset
        return dict(
            zip(EVENTS, await self.ask(frame(Command.READ, first, count=len(EVENTS)), len(EVENTS)), strict=True)
        )

    async def reply(self, words: int = 0) -> list[int]:
        """The reply, its checksum compared."""
        answer = await self.ask(frame(Command.READ, REPLY_BASE, count=words + 3), words + 3)
        data = b"".join(word.to_bytes(4, "big") for word in answer)
        assert checksum(data[:-4]) == data[-4:]
        return answer[:-1]


def converse(body: Callable[[Talk, AxiSlave], Coroutine[Any, Any, None]], seed: int, *, inbox: int = 64) -> None:
    dut = Bridge(CYCLES, silence=SILENCE, patience=PATIENCE, inbox=inbox)
    rng = rng_for("bridge", seed)
    slave = AxiSlave(dut.axi, rng)

    async def bench(context: Any) -> None:
        await body(Talk(context, dut, rng), slave)

    simulate(dut, bench, background=[slave.slave])


def test_plain_frames(seed: int) -> None:
    async def body(talk: Talk, slave: AxiSlave) -> None:
        await talk.say(frame(Command.WRITE, 0x40, [1, 2, 0xDEADBEEF]))
        await talk.say(frame(Command.WRITE_FIXED, 0x80, [4, 5]))
        assert await talk.ask(frame(Command.READ, 0x44, count=2), 2) == [2, 0xDEADBEEF]
        assert await talk.ask(frame(Command.READ_FIXED, 0x40, count=3), 3) == [1, 1, 1]
        assert slave.seen == [
            (True, 0x40, 1), (True, 0x44, 2), (True, 0x48, 0xDEADBEEF), (True, 0x80, 4), (True, 0x80, 5),
            (False, 0x44, 0), (False, 0x48, 0), (False, 0x40, 0), (False, 0x40, 0), (False, 0x40, 0),
        ]  # fmt: skip
        # what is in no window: nothing is there
        assert await talk.ask(frame(Command.READ, 0x2_0000, count=1), 1) == [0]
        assert await talk.ask(frame(Command.READ, 1 << 33, count=1), 1) == [0]
        await talk.say(frame(Command.WRITE, 0x2_0040, [1]), wait=50)
        assert len(slave.seen) == 10
        assert (await talk.ask(frame(Command.READ, BRIDGE_BASE, count=4), 4)) == [BRIDGE_MAGIC, 1, 64, 0]

    converse(body, seed)


def test_a_bus_that_refuses_or_is_silent_hangs_nothing(seed: int) -> None:
    async def body(talk: Talk, slave: AxiSlave) -> None:
        slave.response = 2
        assert await talk.ask(frame(Command.READ, 0x40, count=1), 1) == [NOTHING]
        slave.response, slave.delay, slave.data = 0, 3 * PATIENCE, 7
        assert await talk.ask(frame(Command.READ, 0x40, count=2), 2) == [NOTHING] * 2
        await talk.say(b"", wait=4 * PATIENCE)
        slave.delay = 1
        assert await talk.ask(frame(Command.READ, 0x40, count=1), 1) == [7]
        assert (await talk.counts())["bus_errors"] == 3

    converse(body, seed)


def test_faults_of_the_line_are_counted_and_forgotten(seed: int) -> None:
    async def body(talk: Talk, slave: AxiSlave) -> None:
        good = frame(Command.WRITE, 0x40, [1])
        await talk.say(good[:8], wait=SILENCE + 50)
        await talk.say(b"\x09" + good, wait=SILENCE + 50)
        await talk.say(frame(Command.WRITE, 0x40, [1, 2])[:-2] + good, wait=SILENCE + 50)  # two bytes were lost
        assert slave.seen == [(True, 0x40, 1), (True, 0x44, 0x0101)]  # what a plain frame cannot protect from
        await talk.say(b"", low=15 * CYCLES, wait=2 * CYCLES)
        await talk.say(good, wait=0)
        await talk.say(b"", wait=SILENCE + 50)
        assert len(slave.seen) == 2
        await talk.say(good, wait=50)
        assert slave.seen[2:] == [(True, 0x40, 1)]
        counts = await talk.counts()
        # the rest of the third frame began with 0x01, 0x00 of an address and of data
        assert counts == {
            "frames": 3, "framing_errors": 1, "overflows": 0, "cuts": 1, "unknown": 2, "refused": 0, "locked_out": 0,
            "bus_errors": 0,
        }  # fmt: skip

    converse(body, seed)


def test_a_session(seed: int) -> None:
    async def body(talk: Talk, slave: AxiSlave) -> None:
        rng, session = rng_for("session", seed), 7
        data = words_of(rng.bytes(12))
        slave.words = {0x50: 5, 0x54: 6, 0x58: 0}
        write = [operation(Kind.WRITE, 0x40, 3, increments=True), *data]
        read = [operation(Kind.READ, 0x40, 5, increments=True)]

        def sent(sequence: int, words: list[int], **flags: bool) -> bytes:
            return parcel(parcel_header(sequence, session, **flags), words, PARCEL_BASE)

        await talk.say(sent(1, write))  # no session is open
        assert await talk.reply() == [0, 0]
        await talk.say(sent(9, write, opens=True))
        assert await talk.reply() == [reply_header(Code.DONE, session, 9), reply_extent(4, 0)]
        assert slave.seen == [(True, 0x40 + 4 * place, word) for place, word in enumerate(data)]
        # whole, in turn, and once
        damaged = bytearray(sent(10, write))
        damaged[int(rng.integers(6, len(damaged)))] ^= 1 << int(rng.integers(8))
        for wrong in (bytes(damaged), sent(11, write), sent(9, write)):
            await talk.say(wrong)
        assert len(slave.seen) == 3
        await talk.say(sent(10, read))
        expected = [reply_header(Code.DONE, session, 10), reply_extent(1, 5), *data, 0, 5]
        assert await talk.reply(5) == expected
        seen = len(slave.seen)
        await talk.say(sent(10, read))
        assert await talk.reply(5) == expected
        assert len(slave.seen) == seen
        # plain frames do not reach the machine meanwhile
        await talk.say(frame(Command.WRITE, 0x40, [3]))
        assert await talk.ask(frame(Command.READ, 0x40, count=1), 1) == [NOTHING]
        assert len(slave.seen) == seen
        # after a parcel that could not end, nothing but one that resumes
        await talk.say(sent(11, [operation(Kind.WAIT, 0x58), *write]), wait=SILENCE + 100)
        assert await talk.reply() == [reply_header(Code.NOT_READY, session, 11, halted=True), reply_extent(0, 0)]
        await talk.say(sent(12, write))
        assert (await talk.reply())[0] & 0xFFFF == 11
        slave.words[0x58] = 1
        await talk.say(sent(12, [operation(Kind.WAIT, 0x58), *write], resumes=True), wait=100)
        assert await talk.reply() == [reply_header(Code.DONE, session, 12), reply_extent(5, 0)]
        slave.response = 3
        await talk.say(sent(13, write))
        assert await talk.reply() == [reply_header(Code.ERROR, session, 13, halted=True), reply_extent(0, 0)]
        slave.response = 0
        assert (await talk.counts()) == {
            "frames": 21, "framing_errors": 0, "overflows": 0, "cuts": 0, "unknown": 0, "refused": 4, "locked_out": 2,
            "bus_errors": 1,
        }  # fmt: skip
        await talk.say(sent(14, [], resumes=True, closes=True))
        assert (await talk.ask(frame(Command.READ, 0x40, count=1), 1)) == [data[0]]

    converse(body, seed)


def test_a_session_that_was_left_open_is_released(seed: int) -> None:
    async def body(talk: Talk, slave: AxiSlave) -> None:
        await talk.say(parcel(parcel_header(0, 1, opens=True), [], PARCEL_BASE))
        at = BRIDGE_BASE + BRIDGE["BRIDGE_RELEASE"].offset
        for word, locked in ((RELEASE ^ 1, True), (RELEASE, False)):
            await talk.say(frame(Command.WRITE, at, [word]))
            assert await talk.ask(frame(Command.READ, 0x40, count=1), 1) == [NOTHING if locked else 0]

    converse(body, seed)


def test_more_bytes_than_there_is_room_for(seed: int) -> None:
    async def body(talk: Talk, slave: AxiSlave) -> None:
        slave.words[0x10] = 0
        waits = parcel(parcel_header(0, 1, opens=True), [operation(Kind.WAIT, 0x10)], PARCEL_BASE)
        await talk.say(waits + frame(Command.WRITE, 0x40, [1] * 4), wait=2 * SILENCE)  # it waits for a silence's time
        counts = await talk.counts()
        assert counts["overflows"] > 0, counts
        assert counts["locked_out"] < 4  # what followed the lost bytes was not believed
        await talk.say(frame(Command.WRITE, 0x40, [1]))
        assert (await talk.counts())["locked_out"] == counts["locked_out"] + 1

    converse(body, seed, inbox=4)
