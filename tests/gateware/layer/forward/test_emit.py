"""P-bits, pool and queue together: a beat that has begun finds its place, through any stall; the proof of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Assert, Assume, Cat, Module, ResetSignal, Signal, Value
from formal import prove
from forward_models import fire_all, fired, pooled
from hw_helpers import layer_plan, load_generator, pack, read_port, receive, simulate
from seeds import rng_for

from bsff_hw.layer.forward import emit
from bsff_hw.layer.forward.emit import PLACES, Emit
from bsff_hw.parts.arithmetic import total
from bsff_hw.parts.queue import Queue
from bsff_hw.plan import LayerPlan

OWN = {"channels": 20, "kernel": 1, "padding": 0}
PLANS = {
    "pool": layer_plan({**OWN, "pool": 2, "tiles": 5, "lanes": 10}, pixels=(4, 4, 1)),
    "pool, odd": layer_plan({**OWN, "pool": 2, "tiles": 10}, pixels=(5, 3, 1)),
    "no pool": layer_plan({**OWN, "tiles": 4}, pixels=(4, 3, 1)),
}
LATENCY = {"pool": 7, "pool, odd": 7, "no pool": 6}
NARROW = {"channels": 2, "tiles": 1, "lanes": 2, "kernel": 1, "padding": 0}
SMALL = {
    "pool": layer_plan({**NARROW, "pool": 2}, pixels=(3, 2, 1), classes=2),
    "no pool": layer_plan(NARROW, pixels=(2, 2, 1), classes=2),
}


def model(plan: LayerPlan, sums: np.ndarray, bias: np.ndarray, state: int) -> tuple[list[int], int]:
    """Beats that leave for one map after another, and the generator's last state."""
    count, response, last = fire_all(plan, sums, bias, state)
    shape = (-1, *plan.shape.conv)
    words: list[int] = []
    for n, d in zip(count.reshape(shape), response.reshape(shape), strict=True):
        words += pooled(n, d, plan) if plan.pooled else fired(n, d, plan, np.zeros_like(n))
    return words, last


@pytest.mark.parametrize("idle", [0.0, 0.7])
@pytest.mark.parametrize("name", PLANS)
def test_maps(name: str, idle: float, seed: int) -> None:
    plan, rng = PLANS[name], rng_for(name, seed)
    dut = Emit(plan)
    sums = rng.normal(0, 2 << plan.shape.config.fraction_bits, (3 * plan.shape.positions, plan.channels)).astype(int)
    bias = np.zeros(plan.channels, int)
    state = int(rng.integers(1, 2**63))
    expected, last = model(plan, sums, bias, state)
    words: list[int] = []

    async def feed(context: Any) -> None:
        await load_generator(context, dut.generator, state)
        for number, map_sums in enumerate(np.split(sums, 3)):
            context.set(dut.begin, 1)
            await context.tick()
            context.set(dut.begin, 0)
            for fold in map_sums.reshape(-1, plan.lanes):
                assert not context.get(dut.done)
                context.set(dut.sums.valid, 1)
                context.set(Value.cast(dut.sums.payload), pack(fold, plan.sum_width))
                ready = False
                while not ready:
                    *_, ready = await context.tick().sample(dut.sums.ready)
                context.set(dut.sums.valid, 0)
            while not context.get(dut.done):
                await context.tick()
            assert len(words) == (number + 1) * len(expected) // 3  # done means that every beat is gone
        assert context.get(dut.generator.state) == last

    async def take(context: Any) -> None:
        while len(words) < len(expected):
            words.extend(await receive(context, dut.output, 1, rng, idle))

    biases = [pack(b, 32) for b in bias.reshape(-1, plan.tiles)]
    simulate(dut, take, feed, background=[read_port(dut.biases, biases)])
    assert words == expected


@pytest.mark.parametrize("name", PLANS)
def test_from_sums_to_the_first_beat_and_a_beat_a_cycle(name: str) -> None:
    """Sums always there, beats always taken: with a pool one leaves for the last position of a window."""
    plan = PLANS[name]
    dut, begun, left = Emit(plan), [], []

    async def bench(context: Any) -> None:
        context.set(dut.begin, 1)
        context.set(dut.sums.valid, 1)
        context.set(dut.output.ready, 1)
        for cycle in range(plan.shape.positions * plan.beats + 10):
            *_, ready, valid = await context.tick().sample(dut.sums.ready, dut.output.valid)
            begun.extend([cycle] * ready)
            left.extend([cycle] * valid)
            context.set(dut.begin, 0)

    simulate(dut, bench)
    steps = plan.lanes // plan.tiles
    assert begun == list(range(0, begun[-1] + 1, steps))  # nothing ever waits for a place
    first = (plan.shape.conv[1] + 1) * plan.beats if plan.pooled else 0  # beats before the window's last
    assert left[0] == begun[0] + LATENCY[name] + first


def test_as_many_beats_wait_as_there_are_places(rng: np.random.Generator) -> None:
    plan = PLANS["no pool"]
    dut, begun = Emit(plan), 0

    async def bench(context: Any) -> None:
        nonlocal begun
        context.set(dut.begin, 1)
        context.set(dut.sums.valid, 1)
        for _ in range(100):
            *_, ready = await context.tick().sample(dut.sums.ready)
            begun += ready
            context.set(dut.begin, 0)

    simulate(dut, bench)
    assert begun == 1 + PLACES * plan.tiles // plan.lanes  # of folds; the last waits to fire


class Accounted(Emit):
    """`Emit` with whatever comes and is taken: every promised place is that of one beat on its way or in the queue.

    A beat that begins is in one of four stages of `Fire`, then for a cycle in the pool, then in the queue; its place is counted
    for a cycle more. What is asserted of
    every state makes the proof by induction short: after as many steps as there are stages their copies here are equal to them.
    """

    def elaborate(self, platform: Any) -> Module:
        m = super().elaborate(platform)
        parts = m.submodules
        fire, pool, queue, credits = parts.fire, parts.pool, parts.queue, parts.credits
        stages, freed = Signal(4 + self._plan.pooled), Signal(2)
        m.d.sync += [stages.eq(Cat(fire.begun, stages)), freed.eq(credits.back)]
        m.d.comb += [
            Assume(~ResetSignal()),
            Assert(fire.output.valid == stages[3]),
            Assert(~pool.output.valid | queue.input.ready),  # no beat is lost
            Assert(credits.used == queue.level + total([*stages, *freed])),  # no credit is lost or made
            Assert(credits.room == (credits.used != PLACES)),
            Assert(credits.used <= PLACES),
        ]
        return m


def account(dut: Accounted, folder: Path, *, mode: str, depth: int) -> tuple[bool, str]:
    return prove(dut, folder, mode=mode, depth=depth, inputs=[dut.begin, dut.sums.valid, dut.output.ready])


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_credits_are_never_lost_or_made(name: str, tmp_path: Path) -> None:
    holds, said = account(Accounted(SMALL[name]), tmp_path, mode="prove", depth=8)
    assert holds, said


@pytest.mark.slow
def test_a_queue_that_is_too_short_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emit, "Queue", lambda shape, places: Queue(shape, places // 4))
    holds, said = account(Accounted(SMALL["no pool"]), tmp_path, mode="bmc", depth=16)
    assert not holds
    assert "Assert failed" in said
