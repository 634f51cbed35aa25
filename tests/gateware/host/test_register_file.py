"""The register file against a model: what is held, what acts once, the registers of blocks, the window into memories."""

from __future__ import annotations

from typing import Any

import numpy as np
from amaranth.hdl import Value
from hw_helpers import plan_of, simulate

from bsff.contract.formats import MEMORIES
from bsff.contract.registers import BLOCK_BASE, BLOCK_STRIDE, GLOBAL, Kind, constants
from bsff_hw.host.register_file import RegisterFile

PLAN = plan_of({"channels": 10, "kernel": 3}, head={"enabled": True})
BLOCKS = 2
WORDS = 12
"""Words of each made-up memory of a block."""


def register_file() -> RegisterFile:
    return RegisterFile(PLAN, memory=True)


def register_of(block: int, word: int) -> int:
    """What the made-up registers of a block show."""
    return 0xB000_0000 | block << 16 | word


async def access(context: Any, dut: RegisterFile, address: int, value: int | None = None) -> tuple[int, int]:
    """Read, or write a value: what is read, and the cycles that it took."""
    context.set(dut.host.address, address)
    context.set(dut.host.writes, value is not None)
    context.set(dut.host.write_data, 0 if value is None else value)
    context.set(dut.host.request, 1)
    cycles, done = 0, False
    while not done:
        *_, done, read = await context.tick().sample(dut.host.done, dut.host.read_data)
        cycles += 1
        assert cycles < 100
    context.set(dut.host.request, 0)
    return read, cycles


class Blocks:
    """What stands behind the buses and the window: registers by a formula, memories that one steps through."""

    def __init__(self, dut: RegisterFile, rng: np.random.Generator) -> None:
        self.dut = dut
        self.memories = {
            (block, memory): [int(w) for w in rng.integers(2**32, size=WORDS)]
            for block in range(BLOCKS)
            for memory in range(len(MEMORIES))
        }
        self.written: list[tuple[int, int, int]] = []
        self.steps = [0] * BLOCKS
        self.rewinds = [0] * BLOCKS
        self._rng = rng

    def word(self, block: int, memory: int, at: int) -> int:
        words = self.memories.get((block, memory), [])
        return words[at] if at < len(words) else 0

    def benches(self) -> list[Any]:
        """To run in the background."""
        return [self._bench(block, part) for block in range(BLOCKS) for part in (self._registers, self._memory)]

    def _bench(self, block: int, part: Any) -> Any:
        async def bench(context: Any) -> None:
            await part(context, block)

        return bench

    async def _registers(self, context: Any, block: int) -> None:
        bus, before = self.dut.buses[block], 0
        while True:
            *_, word, writes, data = await context.tick().sample(bus.address, bus.write, bus.data)
            context.set(bus.read, register_of(block, before))
            before = word
            if writes:
                self.written.append((block, word, data))

    async def _memory(self, context: Any, block: int) -> None:
        port, at, wait = self.dut.accesses[block], 0, 0
        while True:
            *_, memory, rewind, step, request, write, data, done = await context.tick().sample(
                port.memory, port.rewind, port.step, port.request, port.write, port.data, port.done
            )
            if done and request and write and at < WORDS:
                self.memories[block, memory][at] = data
            at = 0 if rewind else at + step
            self.rewinds[block] += rewind
            self.steps[block] += step
            wait = wait - 1 if request and wait else int(self._rng.integers(3))
            context.set(port.done, request and not done and wait == 0)
            there = (block, memory) in self.memories  # else the block may say anything
            context.set(port.read, self.word(block, memory, at) if there else 0xDEAD)


def test_random_accesses_follow_the_model(rng: np.random.Generator) -> None:
    """Held registers, constants, blocks, memories, and addresses without a register, in any order."""
    dut = register_file()
    blocks = Blocks(dut, rng)
    held = {name: r.reset for name, r in GLOBAL.items() if r.kind is Kind.HELD}
    known = constants(PLAN.config, PLAN.geometry)
    readable = {r.offset for r in GLOBAL.values()}
    select = GLOBAL["MEMORY_SELECT"]

    async def plain(context: Any) -> None:
        name = str(rng.choice([n for n in held if not n.startswith("MEMORY")]))
        if rng.integers(2):
            value = int(rng.integers(2**32))
            await access(context, dut, GLOBAL[name].offset, value)
            held[name] = value & GLOBAL[name].mask
        for key in held:  # no write reaches another register
            assert (await access(context, dut, GLOBAL[key].offset))[0] == held[key], key
            assert context.get(Value.cast(getattr(dut, key.lower()))) == held[key]

    async def constant(context: Any) -> None:
        name = str(rng.choice(list(known)))
        await access(context, dut, GLOBAL[name].offset, 0)  # is ignored
        assert (await access(context, dut, GLOBAL[name].offset))[0] == known[name]

    async def nowhere(context: Any) -> None:
        address = int(rng.integers(BLOCK_BASE))
        if address not in readable:
            assert (await access(context, dut, address))[0] == 0

    async def block(context: Any) -> None:
        number, word = int(rng.integers(BLOCKS + 2)), int(rng.integers(64))
        address, there = BLOCK_BASE + number * BLOCK_STRIDE + 4 * word, number < BLOCKS
        if rng.integers(2):
            before = len(blocks.written)
            await access(context, dut, address, 77)
            assert blocks.written[before:] == ([(number, word, 77)] if there else [])
        assert (await access(context, dut, address))[0] == (register_of(number, word) if there else 0)

    async def window(context: Any) -> None:
        number, memory = int(rng.integers(BLOCKS + 1)), int(rng.integers(len(MEMORIES) + 1))
        if rng.integers(2):
            held["MEMORY_SELECT"] = number << select.field("block").low | memory << select.field("memory").low
            await access(context, dut, select.offset, held["MEMORY_SELECT"])
        if rng.integers(2):
            held["MEMORY_ADDRESS"] = int(rng.integers(WORDS + 3))
            await access(context, dut, GLOBAL["MEMORY_ADDRESS"].offset, held["MEMORY_ADDRESS"])
        number, memory = held["MEMORY_SELECT"] & 255, held["MEMORY_SELECT"] >> 8
        for _ in range(int(rng.integers(4))):
            at = held["MEMORY_ADDRESS"]
            if rng.integers(2):
                value = int(rng.integers(2**32))
                await access(context, dut, GLOBAL["MEMORY_DATA"].offset, value)
                if (number, memory) in blocks.memories and at < WORDS:
                    assert blocks.word(number, memory, at) == value
            else:
                read = (await access(context, dut, GLOBAL["MEMORY_DATA"].offset))[0]
                assert read == blocks.word(number, memory, at)
            held["MEMORY_ADDRESS"] += 1

    async def bench(context: Any) -> None:
        kinds = [plain, constant, nowhere, block, window, window]
        for _ in range(250):
            await kinds[int(rng.integers(len(kinds)))](context)

    simulate(dut, bench, background=blocks.benches())


def test_only_the_first_access_after_a_new_address_seeks(rng: np.random.Generator) -> None:
    dut = register_file()
    blocks = Blocks(dut, rng)

    async def bench(context: Any) -> None:
        async def steps(address: int | None) -> tuple[int, int]:
            """Steps and rewinds of block 0 for one read."""
            if address is not None:
                await access(context, dut, GLOBAL["MEMORY_ADDRESS"].offset, address)
            before = blocks.steps[0], blocks.rewinds[0]
            await access(context, dut, GLOBAL["MEMORY_DATA"].offset)
            return blocks.steps[0] - before[0], blocks.rewinds[0] - before[1]

        assert await steps(None) == (1, 1)  # after reset the way is not known either
        assert await steps(None) == (1, 0)
        assert await steps(7) == (8, 1)
        assert await steps(None) == (1, 0)
        assert await steps(0) == (1, 1)
        await access(context, dut, GLOBAL["MEMORY_SELECT"].offset, 0)  # the same memory: still a new way
        assert await steps(None) == (2, 1)
        assert blocks.steps[1] == blocks.rewinds[1] == 0

    simulate(dut, bench, background=blocks.benches())


def test_latencies(rng: np.random.Generator) -> None:
    """Two cycles an access, seven for the registers of a block; two more than the block needs for a word, and the way."""
    dut = register_file()

    async def bench(context: Any) -> None:
        for access_done in dut.accesses:
            context.set(access_done.done, 1)
        assert (await access(context, dut, GLOBAL["MAGIC"].offset))[1] == 2
        assert (await access(context, dut, BLOCK_BASE))[1] == 7
        await access(context, dut, GLOBAL["MEMORY_ADDRESS"].offset, 6)
        assert (await access(context, dut, GLOBAL["MEMORY_DATA"].offset))[1] == 3 + 6
        assert (await access(context, dut, GLOBAL["MEMORY_DATA"].offset))[1] == 3

    simulate(dut, bench)


def test_actions_act_once(rng: np.random.Generator) -> None:
    """Each strobe is there in the one cycle of its write, and no other moves; a result is taken by reads alone."""
    dut = register_file()
    outputs = ("clear_counters", "clear_results", "label", "pixels", "buffer_start", "buffer_stop", "result_take")
    seen: list[str] = []

    async def watch(context: Any) -> None:
        while True:
            values = await context.tick().sample(*(getattr(dut, name) for name in outputs))
            seen.extend(name for name, value in zip(outputs, values[-len(outputs) :], strict=True) if value)

    async def bench(context: Any) -> None:
        async def act(name: str, value: int | None) -> list[str]:
            seen.clear()
            await access(context, dut, GLOBAL[name].offset, value)
            await context.tick().repeat(3)
            return list(seen)

        command = GLOBAL["COMMAND"].field
        assert await act("COMMAND", command("clear_counters").mask) == ["clear_counters"]
        assert await act("COMMAND", command("clear_results").mask) == ["clear_results"]
        assert await act("COMMAND", 0) == await act("COMMAND", None) == []
        assert await act("SAMPLE_LABEL", 3) == ["label"]
        assert await act("SAMPLE_DATA", 0) == ["pixels"]
        assert await act("SAMPLE_DATA", None) == []
        assert await act("RESULT_DATA", None) == ["result_take"]
        assert await act("RESULT_DATA", 5) == []
        assert await act("BUFFER_SAMPLES", 9) == ["buffer_start"]
        assert await act("BUFFER_SAMPLES", 0) == ["buffer_stop"]
        context.set(dut.buffer_busy, 1)  # records are on their way: words of the host's would be taken for theirs
        assert await act("SAMPLE_LABEL", 3) == await act("SAMPLE_DATA", 0) == await act("BUFFER_SAMPLES", 9) == []
        assert await act("BUFFER_SAMPLES", 0) == ["buffer_stop"]

    simulate(dut, bench, background=[watch])


def test_states_of_the_machine_are_shown(rng: np.random.Generator) -> None:
    dut = register_file()

    async def bench(context: Any) -> None:
        async def read(name: str) -> int:
            return (await access(context, dut, GLOBAL[name].offset))[0]

        for signal, name in (
            (dut.space, "SAMPLE_SPACE"), (dut.result_count, "RESULT_COUNT"), (dut.result, "RESULT_DATA"),
            (dut.buffer_left, "BUFFER_SAMPLES"), (dut.fault, "FAULT"),
        ):  # fmt: skip
            context.set(signal, 3)
            await context.tick()
            assert await read(name) == 3
        status = GLOBAL["STATUS"].field
        assert await read("STATUS") == status("fault").mask
        context.set(dut.fault, 0)
        for busy in (dut.busy, dut.buffer_busy):
            context.set(busy, 1)
            assert await read("STATUS") == status("busy").mask
            context.set(busy, 0)
        assert await read("STATUS") == 0
        assert await read("FEATURES") == 3

        context.set(dut.completed, 1)
        await context.tick().repeat(5)
        context.set(dut.completed, 0)
        assert await read("SAMPLES") == 5
        await access(context, dut, GLOBAL["COMMAND"].offset, GLOBAL["COMMAND"].field("clear_counters").mask)
        assert await read("SAMPLES") == 0

        state = int(rng.integers(2**63))
        context.set(dut.encoder.state, state)
        assert await read("ENCODER_HIGH") << 32 | await read("ENCODER_LOW") == state
        for half, name in enumerate(("ENCODER_LOW", "ENCODER_HIGH")):
            context.set(dut.host.address, GLOBAL[name].offset)
            context.set(dut.host.write_data, 1234)
            context.set(dut.host.writes, 1)
            context.set(dut.host.request, 1)
            await context.tick()
            assert (context.get(dut.encoder.load), context.get(dut.encoder.load_data)) == (1 << half, 1234)
            context.set(dut.host.request, 0)
            await context.tick()
            assert context.get(dut.encoder.load) == 0

    simulate(dut, bench)


def test_a_machine_without_a_reader_says_so() -> None:
    dut = RegisterFile(PLAN)

    async def bench(context: Any) -> None:
        features = (await access(context, dut, GLOBAL["FEATURES"].offset))[0]
        assert features == GLOBAL["FEATURES"].field("cycles").mask

    simulate(dut, bench)
