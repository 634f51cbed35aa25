"""The checks; each returns what it found, or raises `CheckError`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bsff.config import Config
from bsff.contract import formats, registers
from bsff.contract.formats import COUNTERS
from bsff.contract.geometry import Geometry
from bsff.errors import PowerError
from bsff.golden import lfsr, network
from bsff.golden.state import NetworkState, blank
from bsff.instruments.power import scan
from bsff.machine import Accelerator

MARCH_WORDS = 256
"""Words of each memory that are tested; their first and last half of it."""
_PATTERNS = (0x0000_0000, 0xFFFF_FFFF, 0xAAAA_AAAA, 0x5555_5555)
_SAMPLES = 3


class CheckError(Exception):
    """A check failed; says what was found and what to do."""


class NotHereError(Exception):
    """A check does not apply here; says why."""


@dataclass
class Subject:
    """What a check works on."""

    machine: Accelerator
    device: Any
    config: Config
    seed: int

    @property
    def shape(self) -> Geometry:
        """Sizes of the network."""
        return self.machine.geometry


def identity(subject: Subject) -> str:
    """MAGIC, ABI, BUILD and sizes are those of the configuration."""
    read = {name: subject.device.read(registers.GLOBAL[name].offset) for name in ("MAGIC", "ABI", "BUILD", "FEATURES")}
    expected = registers.constants(subject.config, subject.shape)
    if any(read[name] != expected[name] for name in ("MAGIC", "ABI", "BUILD")):
        raise CheckError(f"{read}; load the bitstream of {subject.config.name}")
    return ", ".join(f"{name} 0x{value:08x}" for name, value in read.items())


def register_walk(subject: Subject) -> str:
    """Every register that can be written keeps a walking one, and only it changes."""
    table = {name: r.offset for name, r in registers.GLOBAL.items() if r.kind is registers.Kind.HELD}
    masks = {name: registers.GLOBAL[name].mask for name in table}
    for block in range(len(subject.shape.predictors)):
        for name, register in registers.BLOCK.items():
            of_block = block < len(subject.shape.layers) or not register.layers_only
            if register.kind is registers.Kind.HELD and of_block:
                table[f"{name} of block {block}"] = registers.block_offset(block, name)
                masks[f"{name} of block {block}"] = register.mask
    device, kept = subject.device, {name: subject.device.read(offset) for name, offset in table.items()}
    walked = 0
    try:
        for name, offset in table.items():
            for bit in range(32):
                if masks[name] >> bit & 1:
                    device.write(offset, 1 << bit)
                    if (seen := device.read(offset)) != 1 << bit:
                        raise CheckError(f"{name} at 0x{offset:04x}: wrote 0x{1 << bit:08x}, read 0x{seen:08x}; {_BUS}")
                    walked += 1
        # each another value, so that a write that reaches two of them shows
        values = {name: 0x0123_4567 * (i + 1) & masks[name] for i, name in enumerate(table)}
        for name, offset in table.items():
            device.write(offset, values[name])
        for name, offset in table.items():
            if (seen := device.read(offset)) != values[name]:
                raise CheckError(f"{name} at 0x{offset:04x} became 0x{seen:08x} when others were written; {_BUS}")
    finally:
        for name, offset in table.items():
            device.write(offset, kept[name])
    return f"{len(table)} registers, {walked} bits"


_BUS = "the bus to the registers is at fault: is the clock too fast, or the .hwh of another bitstream?"


def random_numbers(subject: Subject) -> str:
    """The generator of the first layer, from state 1, is where the model says after one sample."""
    subject.machine.set_streams([1] * len(subject.machine.streams()))
    pixels, labels = _samples(subject, 1)
    before = subject.machine.read_state()
    subject.machine.present(pixels, labels, learn=False)
    network_state, _ = _frozen(subject, before, pixels, labels)
    seen, wanted = subject.machine.streams(), _streams_of(network_state)
    if seen != wanted:
        raise CheckError(
            f"generators are {[hex(s) for s in seen]}, expected {[hex(s) for s in wanted]}: the fabric computes wrongly; lower "
            "the clock (`bsff build --mhz`), then report it"
        )
    vector = lfsr.jump(1, 1)
    return f"{len(seen)} generators; first step from 1 is 0x{vector:016x}"


def memory_march(subject: Subject) -> str:
    """Both ends of every memory keep four patterns, written up and read down."""
    words = 0
    for block, part in enumerate(blank(subject.shape).blocks.values()):
        for number, name in enumerate(formats.MEMORIES):
            array = getattr(part, name, None)
            if array is not None:
                words += _march(subject.device, block, number, array.size, _bits(subject, block, name))
    return f"{words} words, {len(_PATTERNS)} patterns"


def _bits(subject: Subject, block: int, name: str) -> int:
    if name != "weights":
        return 32
    layers = subject.config.layers
    return layers[block].weight_bits if block < len(layers) else subject.config.head.weight_bits


def _march(device: Any, block: int, number: int, size: int, bits: int) -> int:
    select = registers.GLOBAL["MEMORY_SELECT"]
    data, address = registers.GLOBAL["MEMORY_DATA"].offset, registers.GLOBAL["MEMORY_ADDRESS"].offset
    device.write(select.offset, select.join(block=block, memory=number))
    half = min(MARCH_WORDS // 2, size)
    for start in sorted({0, size - half}):
        for pattern in _PATTERNS:
            device.write(address, start)
            for i in range(half):
                device.write(data, (pattern ^ i) & 0xFFFF_FFFF)
            device.write(address, start)
            for i in range(half):
                wanted, seen = (pattern ^ i) & ((1 << bits) - 1), device.read(data) & ((1 << bits) - 1)
                if seen != wanted:
                    raise CheckError(
                        f"block {block}, {formats.MEMORIES[number]}, word {start + i}: wrote 0x{wanted:x}, read 0x{seen:x}; "
                        "lower the clock (`bsff build --mhz`), then report it"
                    )
    return half * len({0, size - half})


def training_step(subject: Subject) -> str:
    """Three samples are learnt as the golden model learns them, bit for bit, from memory and word by word."""
    rng = np.random.default_rng(subject.seed)
    state = _random_state(subject, rng)
    ways = [True, False] if subject.machine.through_memory else [False]
    updates = 0
    for through_memory in ways:
        subject.machine.through_memory = through_memory
        try:
            pixels, labels = _samples(subject, _SAMPLES)
            subject.machine.load(state)
            logits = subject.machine.present(pixels, labels, learn=True, results=True)
        finally:
            subject.machine.through_memory = ways[0]
        golden = golden_after(subject, state, pixels, labels)
        found = subject.machine.read_state()
        wrong = [n for (n, a), (_, b) in zip(found.arrays(), golden[0].arrays(), strict=True) if (a != b).any()]
        if wrong or (logits != golden[1].logits).any():
            way = "from memory" if through_memory else "word by word"
            raise CheckError(
                f"{way}: {', '.join(wrong) or 'logits'} differ from the golden model; lower the clock (`bsff build --mhz`), then "
                "report it with this file"
            )
        updates = int(golden[1].counters[:, COUNTERS.index("updates")].sum())
    return f"{_SAMPLES} samples, {updates} updates, {' and '.join('from memory' if w else 'word by word' for w in ways)}: equal"


def golden_after(subject: Subject, state: NetworkState, pixels: Any, labels: Any) -> tuple[NetworkState, Any]:
    """A copy of the state after the golden model has learnt the samples, and its results."""
    copy = state.copy()
    return copy, network.run(subject.config, subject.shape, copy, pixels, labels)


def _frozen(subject: Subject, state: NetworkState, pixels: Any, labels: Any) -> tuple[NetworkState, Any]:
    for part in state.blocks.values():
        part.learn[...] = False
    return golden_after(subject, state, pixels, labels)


def _streams_of(state: NetworkState) -> list[int]:
    parts = state.blocks.values()
    own = [getattr(part, name) for part in parts for name in ("pbits", "rounding") if hasattr(part, name)]
    return [int(stream) for stream in (state.encoder, *own)]


def _samples(subject: Subject, count: int) -> tuple[Any, Any]:
    rng = np.random.default_rng([subject.seed, count])
    pixels = rng.integers(0, 256, (count, *subject.shape.pixels), dtype=np.uint8)
    return pixels, rng.integers(0, subject.shape.classes, count, dtype=np.uint8)


def _random_state(subject: Subject, rng: np.random.Generator) -> NetworkState:
    """Weights that fire and learn, whatever the network."""
    state = blank(subject.shape)
    state.encoder[...] = 1
    for part, layer in zip(state.layers, subject.shape.layers, strict=True):
        spread = 2 ** (layer.config.weight_bits - 4)
        part.weights[:] = np.clip(rng.normal(0, spread, part.weights.shape), -8 * spread, 8 * spread - 1)
        part.activity[...] = 256 * int(np.prod(layer.inputs)) // 5
        part.step[...], part.scale[...], part.gate[...], part.learn[...] = 500, 2000, 0, True
        part.pbits[...], part.rounding[...] = 2, 3
    if state.head is not None:
        state.head.weights[:] = rng.integers(-500, 500, state.head.weights.shape)
        head = state.head
        head.step[...], head.gate[...], head.learn[...], head.rounding[...] = 5000, 0, True, 4
    return state


def polling(subject: Subject) -> str:
    """How long a read of a register takes; the machine has no interrupt."""
    offset, count = registers.GLOBAL["SAMPLES"].offset, 200
    before = time.perf_counter()
    for _ in range(count):
        subject.device.read(offset)
    micro = 1e6 * (time.perf_counter() - before) / count
    return f"{micro:.2f} us a read of a register"


def clock(subject: Subject) -> str:
    """The clock, from cycles that the machine counts while it trains and the time that passes."""
    if not subject.machine.has_cycles:
        raise NotHereError("this device counts no cycles")
    pixels, labels = _samples(subject, _SAMPLES)
    subject.machine.clear_counters()
    before = time.perf_counter()
    subject.machine.present(pixels, labels, learn=True)
    seconds = time.perf_counter() - before
    busy = subject.machine.counters()[:, len(COUNTERS)].max()
    if busy == 0:
        raise CheckError("no cycle was counted while samples were learnt; the counters are at fault, report it")
    return (
        f"at least {busy / seconds / 1e6:.3f} MHz ({busy:,} busy cycles of the slowest block in {1e3 * seconds:.2f} ms)"
    )


def sensors(subject: Subject) -> str:
    """Power sensors, with a reading of each."""
    found = scan()
    if not found:
        raise NotHereError("no power sensor in hwmon or iio")
    readings = []
    for sensor in found:
        try:
            readings.append(f"{sensor.name} {sensor.read():.3f} W")
        except PowerError as error:
            raise CheckError(str(error)) from None
    return ", ".join(readings)


CHECKS: tuple[tuple[str, Callable[[Subject], str]], ...] = (
    ("identity", identity),
    ("register walk", register_walk),
    ("memory march", memory_march),
    ("random numbers", random_numbers),
    ("training step", training_step),
    ("polling", polling),
    ("clock", clock),
    ("power sensors", sensors),
)
"""In the order in which they make sense of each other."""
