"""A parcel's operations on registers that are slow, fail, stay silent, or get ready late."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hw_helpers import refusal, simulate
from seeds import rng_for

from bsff.contract.serial import Code, Kind, operation
from bsff_hw.uart.parcels import Parcels

PATIENCE = 300
FAILS, SILENT, LATE, NEVER = 0x80, 0x84, 0x88, 0x8C


@dataclass
class Registers:
    """What lies behind the accesses."""

    words: dict[int, int] = field(default_factory=dict)
    accesses: list[tuple[bool, int, int]] = field(default_factory=list)
    late: int = 5
    """Reads of LATE that give 0."""

    def access(self, writes: bool, address: int, data: int) -> tuple[int, bool, bool]:
        if address == LATE and not writes:
            self.late -= 1
            return int(self.late < 0), False, False
        self.accesses.append((writes, address, data if writes else 0))
        if writes:
            self.words[address] = data
        return self.words.get(address, 0), address == FAILS, address == SILENT


@dataclass
class Outcome:
    code: int
    place: int
    reply: list[int]
    cycles: int


def carry_out(words: list[int], registers: Registers, rng: np.random.Generator) -> Outcome:
    dut = Parcels(PATIENCE)
    outcome = Outcome(0, 0, [], 0)

    async def serve(context: Any) -> None:
        while True:
            if context.get(dut.access.request):
                for _ in range(int(rng.integers(0, 4))):
                    await context.tick()
                    assert context.get(dut.access.request)
                read, error, silent = registers.access(
                    bool(context.get(dut.access.writes)),
                    context.get(dut.access.address),
                    context.get(dut.access.write_data),
                )
                context.set(dut.access.read_data, read)
                context.set(dut.error, error)
                context.set(dut.silent, silent)
                context.set(dut.access.done, 1)
                await context.tick()
                context.set(dut.access.done, 0)
            else:
                await context.tick()

    async def bench(context: Any) -> None:
        for place, word in enumerate(words):
            context.set(dut.at, place)
            context.set(dut.word, word)
            context.set(dut.store, 1)
            await context.tick()
        context.set(dut.store, 0)
        context.set(dut.length, len(words))
        context.set(dut.start, 1)
        await context.tick()
        context.set(dut.start, 0)
        while not context.get(dut.ended):
            outcome.cycles += 1
            await context.tick()
        assert context.get(dut.failed) == (context.get(dut.code) != Code.DONE)
        await context.tick()
        outcome.code, outcome.place = context.get(dut.code), context.get(dut.place)
        for number in range(context.get(dut.count)):
            context.set(dut.look, 2 + number)
            await context.tick()
            outcome.reply.append(context.get(dut.reply))

    simulate(dut, bench, background=[serve])
    return outcome


def test_random_parcels(seed: int) -> None:
    rng = rng_for("parcels", seed)
    for _ in range(6):
        words: list[int] = []
        accesses, reply, held = [], [], {}
        while len(words) < 100:
            count, address, increments = int(rng.integers(1, 20)), 4 * int(rng.integers(0, 12)), bool(rng.integers(2))
            addresses = [address + 4 * increments * place for place in range(count)]
            if rng.integers(2):
                data = [int(word) for word in rng.integers(0, 2**32, count)]
                words += [operation(Kind.WRITE, address, count, increments=increments), *data]
                accesses += [(True, at, word) for at, word in zip(addresses, data, strict=True)]
                held |= dict(zip(addresses, data, strict=True))
            else:
                words.append(operation(Kind.READ, address, count, increments=increments))
                accesses += [(False, at, 0) for at in addresses]
                reply += [held.get(at, 0) for at in addresses]
        registers = Registers()
        outcome = carry_out(words, registers, rng)
        assert (outcome.code, outcome.reply) == (Code.DONE, reply)
        assert registers.accesses == accesses


WRITE = [operation(Kind.WRITE, 0x10), 7]
READ = operation(Kind.READ, 0x10)


@pytest.mark.parametrize(
    ("words", "code", "place"),
    [
        ([*WRITE, operation(Kind.WRITE, FAILS), 1, READ], Code.ERROR, 2),
        ([*WRITE, operation(Kind.READ, SILENT), READ], Code.SILENT, 2),
        ([*WRITE, operation(Kind.WAIT, LATE), *WRITE, operation(Kind.WAIT, NEVER), READ], Code.NOT_READY, 5),
        ([*WRITE, operation(Kind.READ, 0, 200), operation(Kind.READ, 0, 200), READ], Code.MALFORMED, 3),
        ([*WRITE, operation(Kind.WRITE, 0x10, 3), 1, 2], Code.MALFORMED, 2),
        ([*WRITE, operation(Kind.READ, 0x10, 0), READ], Code.MALFORMED, 2),
        ([*WRITE, 3, READ], Code.MALFORMED, 2),
    ],
)
def test_it_ends_where_something_is_wrong(words: list[int], code: Code, place: int, seed: int) -> None:
    registers = Registers()
    outcome = carry_out(words, registers, rng_for("faults", seed))
    assert (outcome.code, outcome.place) == (code, place)
    assert registers.accesses[0] == (True, 0x10, 7)
    assert (False, 0x10, 0) not in registers.accesses  # nothing after it
    assert outcome.cycles < PATIENCE + 3000


def test_waits_end_together(seed: int) -> None:
    words = [operation(Kind.WAIT, LATE)] * 3
    outcome = carry_out([*words, READ], Registers(late=20), rng_for("waits", seed))
    assert (outcome.code, outcome.reply) == (Code.DONE, [0])
    assert carry_out([operation(Kind.WAIT, NEVER)], Registers(), rng_for("waits", seed)).cycles < PATIENCE + 20


def test_an_empty_parcel_is_done_at_once(seed: int) -> None:
    assert carry_out([], Registers(), rng_for("empty", seed)).code == Code.DONE


def test_bad_arguments() -> None:
    assert refusal(Parcels, 0) == "patience = 0: expected at least 1 cycle"
