# amaranth: UnusedElaboratable=no
"""Components in Amaranth's simulator: plans of small layers, streams with pauses, memories, and numbers packed into words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Const, Module, Value
from amaranth.sim import Simulator

from bsff.config import parse
from bsff_hw.plan import LayerPlan, Plan, plan

LIMIT = 50_000
"""Cycles after which a simulation that does not end has failed."""


def plan_of(
    *layers: dict[str, Any],
    pixels: tuple[int, int, int] = (8, 8, 1),
    classes: int = 10,
    head: dict[str, Any] | None = None,
    **data: Any,
) -> Plan:
    """The plan of a network on maps of any size; keywords are keys of the section ``data``."""
    table = {
        "layer": [dict(layer) for layer in layers],
        "data": {"dataset": "own", "input": list(pixels), "classes": classes, **data},
        "head": {"enabled": False} if head is None else head,
        "training": {"predictor": "goodness"},
    }
    return plan(parse(table, source="test"))


def layer_plan(*layers: dict[str, Any], **options: Any) -> LayerPlan:
    """The plan of the last of some layers; arguments are those of `plan_of`."""
    return plan_of(*layers, **options).layers[-1]


def simulate(
    dut: Any, *benches: Callable[[Any], Any], background: Sequence[Callable[[Any], Any]] = (), clocked: bool = True
) -> None:
    """Run until every one of `benches` has returned; those of `background` go on, and act first in every cycle."""

    async def watchdog(context: Any) -> None:
        for _ in range(LIMIT):  # a bench that is cut off inside `repeat` or `until` leaves Python a warning
            await context.tick()
        raise AssertionError(f"not done after {LIMIT} cycles")

    simulator = Simulator(dut)
    if clocked:
        simulator.add_clock(1e-6)
        simulator.add_testbench(watchdog, background=True)
    for bench in background:
        simulator.add_testbench(bench, background=True)
    for bench in benches:
        simulator.add_testbench(bench)
    simulator.run()


def refusal(component: Callable[..., Any], *arguments: Any, **keywords: Any) -> str:
    """What a component says of bad arguments; the first line of this file keeps Amaranth from asking why it is not used."""
    with pytest.raises(ValueError, match=":") as caught:
        component(*arguments, **keywords)
    return str(caught.value)


def evaluate(output: Value, inputs: Sequence[Value], cases: Iterable[Sequence[int]]) -> list[int]:
    """The value of an expression for each tuple of input values."""
    results = []

    async def bench(context: Any) -> None:
        for case in cases:
            for signal, value in zip(inputs, case, strict=True):
                context.set(signal, value)
            results.append(context.get(output))

    simulate(Module(), bench, clocked=False)
    return results


async def send(context: Any, port: Any, payloads: Iterable[int], rng: np.random.Generator, idle: float = 0.0) -> None:
    """Offer payloads, packed into words; before each there are pauses of `idle` cycles out of one."""
    for payload in payloads:
        while idle and rng.random() < idle:
            context.set(Value.cast(port.payload), int(rng.integers(2)))  # meaningless while not valid
            await context.tick()
        context.set(Value.cast(port.payload), int(payload))
        context.set(port.valid, 1)
        ready = False
        while not ready:
            *_, ready = await context.tick().sample(port.ready)
        context.set(port.valid, 0)


async def receive(context: Any, port: Any, count: int, rng: np.random.Generator, idle: float = 0.0) -> list[int]:
    """Take payloads, packed into words; with `idle`, ready waits for valid and some more. One that waits must not change."""
    taken: list[int] = []
    waiting: int | None = None
    while len(taken) < count:
        ready = not idle or bool(context.get(port.valid) and rng.random() >= idle)
        context.set(port.ready, ready)
        *_, valid, payload = await context.tick().sample(port.valid, Value.cast(port.payload))
        assert waiting is None or (valid and payload == waiting), "a payload was withdrawn"
        waiting = None
        if valid and ready:
            taken.append(payload)
        elif valid:
            waiting = payload
    context.set(port.ready, 0)
    return taken


async def flow(context: Any, port: Any, count: int) -> list[int]:
    """Words of a stream that is always taken."""
    words: list[int] = []
    while len(words) < count:
        *_, valid, word = await context.tick().sample(port.valid, Value.cast(port.payload))
        words.extend([word] * valid)
    return words


def memory(address: Value, data: Any, words: Sequence[int], *, enable: Value | None = None) -> Callable[[Any], Any]:
    """A read port of one cycle of latency, as a bench in the background; `words` may change meanwhile."""

    async def bench(context: Any) -> None:
        while True:
            *_, at, on = await context.tick().sample(Value.cast(address), Const(1) if enable is None else enable)
            if on:
                context.set(Value.cast(data), int(words[at]) if at < len(words) else 0)

    return bench


def read_port(port: Any, words: Sequence[int]) -> Callable[[Any], Any]:
    """The memory behind a port of `interfaces.read_signature`, see `memory`."""
    return memory(port.address, port.word, words, enable=port.enable)


async def load_generator(context: Any, port: Any, state: int) -> None:
    """Set the state of a generator by its halves."""
    for half in range(2):
        context.set(port.load, 1 << half)
        context.set(port.load_data, (state >> (32 * half)) & 0xFFFFFFFF)
        await context.tick()
    context.set(port.load, 0)


def table(address: Value, data: Any, words: Sequence[int]) -> Callable[[Any], Any]:
    """A read port without latency, as a bench in the background; a change of `words` shows once the address changes."""

    async def bench(context: Any) -> None:
        async for (at,) in context.changed(Value.cast(address)):
            context.set(Value.cast(data), int(words[at]) if at < len(words) else 0)

    return bench


def pack(values: Iterable[int], width: int) -> int:
    """Numbers side by side in a word, the first in its lowest bits; negative ones in two's complement."""
    word, mask = 0, (1 << width) - 1
    for i, value in enumerate(values):
        word |= (int(value) & mask) << (i * width)
    return word


def unpack(word: int, width: int, count: int, *, signed: bool = False) -> list[int]:
    """The numbers of which `pack` made a word."""
    values = [(word >> (i * width)) & ((1 << width) - 1) for i in range(count)]
    if signed:
        values = [v - (1 << width) if v >> (width - 1) else v for v in values]
    return values


def unary(counts: Iterable[int], levels: int) -> int:
    """Counts in unary, side by side."""
    return pack(((1 << int(n)) - 1 for n in counts), levels)


def beats_of(counts: np.ndarray, beat: int, levels: int, label: int = 0) -> list[int]:
    """A map (height, width, channels) as it streams between layers: `interfaces.beat_layout`."""
    return [unary(block, levels) | label << (beat * levels) for block in counts.reshape(-1, beat)]


def random_map(rng: np.random.Generator, shape: tuple[int, ...], levels: int) -> np.ndarray:
    """Counts in 0..levels, many of them 0; now and then a map of all or none."""
    density = rng.choice([0.0, 0.1, 0.4, 0.4, 0.8, 1.0])
    most = rng.integers(1, levels + 1, shape) if density < 1 else np.full(shape, levels)
    return np.where(rng.random(shape) < density, most, 0)


def map_shape(plan: LayerPlan) -> tuple[int, int, int]:
    """Height, width, channels of a layer's input map as the layer sees it."""
    return plan.height, plan.width, plan.channels_in
