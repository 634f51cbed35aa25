"""Frames: as LiteX sends them, cut, damaged, and what comes after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import refusal, simulate
from seeds import rng_for

from bsff.contract.serial import Command, checksum, frame, words_of
from bsff_hw.uart.frames import Frames

SILENCE = 60
HEAD_WRITES, HEAD_INCREMENTS = 1, 2
DAMAGED = 1 << 8


@dataclass
class Heard:
    """What came out."""

    heads: list[tuple[bool, bool, int, int]] = field(default_factory=list)
    """Writes, increments, length, address in words."""
    words: list[tuple[int, bool, bool]] = field(default_factory=list)
    """Word, last, whole."""
    abandoned: int = 0
    cut: int = 0
    unknown: int = 0


def listen(
    items: Sequence[int | float], rng: np.random.Generator | None = None, busy: float = 0.0, *, until: int = 0
) -> Heard:
    """Bytes (with `DAMAGED`), and pauses, which are floats.

    Those who take heads and words are busy until a cycle, and for a share `busy` of the time.
    """
    dut, heard = Frames(SILENCE), Heard()

    async def speak(context: Any) -> None:
        for item in items:
            if isinstance(item, float):
                await context.tick().repeat(int(item))
                continue
            context.set(Value.cast(dut.input.payload), item)
            context.set(dut.input.valid, 1)
            await context.tick().until(dut.input.ready)
            context.set(dut.input.valid, 0)
        await context.tick().repeat(3 * SILENCE + round(20 / (1 - busy)))  # the last word may wait long

    async def take(context: Any) -> None:
        if until:
            await context.tick().repeat(until)
        while True:
            for port in (dut.head, dut.word):
                context.set(port.ready, rng is None or rng.random() >= busy)
            *_, head_given, head, word_given, word, abandoned, cut, unknown = await context.tick().sample(
                dut.head.valid & dut.head.ready, Value.cast(dut.head.payload),
                dut.word.valid & dut.word.ready, Value.cast(dut.word.payload),
                dut.abandoned, dut.cut, dut.unknown,
            )  # fmt: skip
            if head_given:
                heard.heads.append((bool(head & 1), bool(head & 2), head >> 2 & 0xFF, head >> 10))
            if word_given:
                heard.words.append((word & 0xFFFFFFFF, bool(word >> 32 & 1), bool(word >> 33)))
            heard.abandoned += abandoned
            heard.cut += cut
            heard.unknown += unknown

    simulate(dut, speak, background=[take])
    return heard


@pytest.mark.parametrize("busy", [0.0, 0.8, 0.995])
def test_frames_of_every_kind(busy: float, seed: int) -> None:
    rng = rng_for("frames", seed)
    data, heads, words = b"", [], []
    for command in (*Command, *rng.permutation(list(Command))):
        count, address = int(rng.integers(1, 6)), 4 * int(rng.integers(0, 2**32))
        body = words_of(rng.bytes(4 * count))
        writes = command in (Command.WRITE, Command.WRITE_FIXED)
        data += frame(command, address, body) if writes else frame(command, address, count=count)
        heads.append((writes, command in (Command.WRITE, Command.READ), count, address // 4))
        words += [(word, place == count - 1, False) for place, word in enumerate(body)] if writes else []
    heard = listen(data, rng, busy)
    assert (heard.heads, heard.words) == (heads, words)
    assert (heard.abandoned, heard.cut, heard.unknown) == (0, 0, 0)


def test_a_checksum_is_seen(seed: int) -> None:
    data = rng_for("checksum", seed).bytes(12)
    whole = words_of(data + checksum(data))
    heard = listen(frame(Command.WRITE, 0, whole) + frame(Command.WRITE, 0, [*whole[:3], whole[3] ^ 1]) * 2)
    assert [last[2] for last in heard.words if last[1]] == [True, False, False]
    assert sum(word[2] for word in heard.words) == 1


@pytest.mark.parametrize("kept", [1, 2, 5, 6, 7, 9, 13])
def test_a_frame_that_is_cut_ends_in_silence(kept: int) -> None:
    one = frame(Command.WRITE, 0x40, [1, 2])
    heard = listen([*one[:kept], float(SILENCE + 5), *one])
    assert heard.cut == 1
    assert heard.abandoned == 1
    assert heard.heads == [(True, True, 2, 0x10)] * (2 if kept >= 6 else 1)
    assert heard.words[-2:] == [(1, False, False), (2, True, False)]
    assert len(heard.words) == 2 + (kept >= 10)


def test_a_pause_that_is_no_silence_changes_nothing() -> None:
    one = [[byte, float(SILENCE - 3)] for byte in frame(Command.WRITE, 0x40, [1, 2])]
    heard = listen([item for pair in one for item in pair])
    assert (heard.heads, heard.cut) == ([(True, True, 2, 0x10)], 0)


def test_the_time_during_which_a_head_waits_is_no_silence() -> None:
    one = frame(Command.WRITE, 0x40, [1])
    heard = listen([*one[:6], 2.5 * SILENCE, *one[6:]], until=2 * SILENCE)
    assert (len(heard.words), heard.cut) == (1, 0)


@pytest.mark.parametrize("command", [0, 5, 0x80, 0xFF])
def test_after_an_unknown_command_nothing_is_believed_before_silence(command: int) -> None:
    one = frame(Command.READ, 0x40, count=1)
    heard = listen([command, *one, float(SILENCE // 2), *one, float(SILENCE + 5), *one])
    assert (heard.unknown, heard.heads, heard.cut) == (1, [(False, True, 1, 0x10)], 0)


def test_a_frame_of_no_words_is_none() -> None:
    one = frame(Command.WRITE, 0x40, [7])
    heard = listen([1, 0, *one, float(SILENCE + 5), *one])
    assert (heard.unknown, len(heard.heads)) == (1, 1)


@pytest.mark.parametrize("place", range(10))
def test_a_damaged_byte_ends_the_frame(place: int) -> None:
    one = frame(Command.WRITE, 0x40, [7])
    bad = [byte | DAMAGED * (number == place) for number, byte in enumerate(one)]
    heard = listen([*bad, *one, float(SILENCE + 5), *one])
    assert heard.words == [(7, True, False)]
    assert len(heard.heads) == (2 if place >= 6 else 1)
    assert heard.abandoned == 1


def test_bad_arguments() -> None:
    assert refusal(Frames, 0) == "silence = 0: expected at least 1 cycle"
