"""The life of a map in a block: which phase follows which, in how many cycles, and what is counted."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from hw_helpers import simulate

from bsff_hw.block.controller import Controller


class Sample(NamedTuple):
    """A map as the controller meets it: cycles of the phases, settings, and what the verdict says."""

    forward: int
    verdict: int
    update: int
    learn: bool
    show: bool
    error: int
    right: bool
    loss: int


GATE = 400


def random_sample(rng: np.random.Generator) -> Sample:
    forward, verdict, update = (int(n) for n in rng.integers(1, 9, 3))
    learn, show, right = (bool(b) for b in rng.integers(2, size=3))
    error = int(rng.choice([GATE - 1, GATE, 4096, -4096, 0]))
    return Sample(forward, verdict, update, learn, show, error, right, int(rng.integers(2**32)))


class World:
    """What surrounds a controller: phases that take some cycles, rows that are listed, room that comes and goes."""

    def __init__(self, dut: Controller, rng: np.random.Generator) -> None:
        self.dut, self.rng = dut, rng
        self.log: list[str] = []
        self.busy = self.stalled = self.listed = self.saturated = 0

    async def cycle(self, context: Any, *, phase: str, done: bool = False) -> None:
        """A cycle of a phase; the last one says that it is done."""
        dut, rng = self.dut, self.rng
        waiting, room = bool(rng.random() < 0.3), bool(rng.random() < 0.5)
        listed = int(rng.integers(4)) if phase == "forward" else 0
        saturated = int(rng.integers(3)) if phase == "update" else 0
        context.set(dut.listed, listed)
        context.set(dut.saturated, saturated)
        context.set(dut.waiting, waiting)
        context.set(dut.forward.done, phase == "forward" and done)
        context.set(dut.verdict.done, phase == "verdict" and done)
        context.set(dut.update.done, phase == "update" and done)
        context.set(dut.verdict.blocked, phase == "show" and not room and not done)
        context.set(dut.verdict.shown, phase == "show" and done)
        stalls = (phase == "forward" and waiting) or (phase == "show" and not room and not done)
        self.stalled += stalls
        self.busy += not stalls
        self.listed += listed
        self.saturated += saturated
        await context.tick()

    async def phase(self, context: Any, name: str, cycles: int) -> None:
        for i in range(cycles):
            await self.cycle(context, phase=name, done=i == cycles - 1)


async def present(context: Any, world: World, sample: Sample) -> None:
    """One map from the cycle in which it is full to the one in which it is given back."""
    dut = world.dut
    context.set(dut.learn, sample.learn)
    context.set(dut.show, sample.show)
    context.set(dut.gate, GATE)
    context.set(dut.label, 3)
    context.set(dut.verdict.label_error, sample.error)
    context.set(dut.verdict.best, 3 if sample.right else 4)
    context.set(dut.verdict.loss, sample.loss)
    context.set(dut.full, 1)
    assert context.get(dut.forward.start)
    assert not context.get(dut.idle)
    await context.tick()  # the cycle in which a map is begun counts for neither
    assert not context.get(dut.forward.start)
    await world.phase(context, "forward", sample.forward)
    assert context.get(dut.verdict.start)
    await world.cycle(context, phase="judge")
    await world.phase(context, "verdict", sample.verdict)
    if sample.show:
        assert context.get(dut.verdict.show)
        await world.phase(context, "show", 5)
    assert not context.get(dut.verdict.show)
    assert context.get(dut.decided) == sample.learn
    await world.cycle(context, phase="decide")
    assert not context.get(dut.decided)
    if sample.learn and sample.error >= GATE:
        assert context.get(dut.update.start)
        await world.cycle(context, phase="begin")
        await world.phase(context, "update", sample.update)
    assert not context.get(dut.update.start)
    await world.cycle(context, phase="done")
    assert (context.get(dut.release), context.get(dut.completed), context.get(dut.events.commit)) == (1, 1, 1)


def test_phases_and_events(rng: np.random.Generator) -> None:
    """Gated, frozen and learnt; with logits and without; stalled or not: each event is counted once."""
    dut = Controller(10)

    async def bench(context: Any) -> None:
        for _ in range(3):  # nothing begins before the memories are cleared
            context.set(dut.full, 1)
            assert not context.get(dut.forward.start)
            await context.tick()
        context.set(dut.full, 0)
        context.set(dut.cleared, 1)
        await context.tick()
        for _ in range(40):
            assert context.get(dut.idle)
            sample, world = random_sample(rng), World(dut, rng)
            await present(context, world, sample)
            counts = dut.events.counts
            updated = sample.learn and sample.error >= GATE
            assert context.get(counts.samples) == 1
            assert context.get(counts.correct) == sample.right
            assert context.get(counts.loss) == sample.loss
            assert context.get(counts.taps) == world.listed
            assert context.get(counts.updates) == updated
            assert context.get(counts.update_taps) == updated * world.listed
            assert context.get(counts.saturations) == world.saturated
            assert context.get(counts.busy_cycles) == world.busy
            assert context.get(counts.stall_cycles) == world.stalled
            context.set(dut.full, 0)
            context.set(dut.events.busy, 1)
            await context.tick()
            assert not context.get(dut.idle)  # until the counters are up to date
            context.set(dut.events.busy, 0)

    simulate(dut, bench)


@pytest.mark.parametrize("full", [False, True])
def test_a_map_that_waits_is_begun_at_once(full: bool) -> None:
    dut = Controller(10)

    async def bench(context: Any) -> None:
        context.set(dut.cleared, 1)
        await context.tick()
        context.set(dut.full, full)
        assert context.get(dut.forward.start) == full
        assert context.get(dut.idle) == (not full)

    simulate(dut, bench)
