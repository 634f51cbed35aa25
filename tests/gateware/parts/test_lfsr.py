"""The generator and the noise: `lfsr.Draws` and `noise.NoiseTable` against the tables and slots of the golden model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Signal, Value
from hw_helpers import evaluate, pack, refusal, simulate, unpack

from bsff.golden import lfsr
from bsff.golden.tables import noise_table
from bsff_hw.layer.forward.noise import NoiseTable
from bsff_hw.parts.lfsr import Draws, step


def word(rng: np.random.Generator) -> int:
    return int(rng.integers(1, 2**64 - 1, dtype=np.uint64))


def test_step_is_that_of_the_model_on_a_basis_and_on_sums(rng: np.random.Generator) -> None:
    """The step is linear, so the unit vectors say all; some sums show that it is."""
    states = [0, *(1 << i for i in range(64)), *(word(rng) for _ in range(50))]
    state = Signal(64)
    expected = [int(lfsr.step(np.uint64(s))) for s in states]
    assert evaluate(step(state), [state], [[s] for s in states]) == expected


class Slots:
    """The draws of the golden model, handed out by slot."""

    def __init__(self, count: int) -> None:
        self.count, self.state, self.used = count, 1, 0

    def _words(self) -> np.ndarray:
        return lfsr.advance(np.uint64(self.state).reshape(()), -(-(self.used + self.count) // lfsr.DRAWS))[1]

    def draws(self) -> list[int]:
        return lfsr.slices(self._words())[self.used : self.used + self.count].tolist()

    def take(self) -> None:
        self.used += self.count
        self._drop(self.used // lfsr.DRAWS)

    def align(self) -> None:
        self._drop(lfsr.steps_for(self.used))
        self.used = 0

    def _drop(self, words: int) -> None:
        self.state = lfsr.jump(self.state, words)
        self.used -= words * lfsr.DRAWS

    def load(self, half: int, value: int) -> None:
        kept = self.state & (0xFFFFFFFF << (32 * (1 - half)))
        self.state, self.used = kept | value << (32 * half), 0


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13])
def test_draws(count: int, seed: int) -> None:
    rng = np.random.default_rng([seed, count])
    dut, model = Draws(count), Slots(count)

    async def bench(context: Any) -> None:
        for _ in range(250):
            assert context.get(dut.generator.state) == model.state
            assert unpack(context.get(Value.cast(dut.draws)), 16, count) == model.draws()
            take, align, load = rng.random() < 0.6, rng.random() < 0.3, rng.random() < 0.05
            half, value = int(rng.integers(2)), int(rng.integers(1, 2**32))
            if load:
                take = align = False  # the host loads while nothing is drawn
            context.set(dut.take, take)
            context.set(dut.align, align)
            context.set(dut.generator.load, load << half)
            context.set(dut.generator.load_data, value)
            await context.tick()
            if take:
                model.take()
            if align:
                model.align()
            if load:
                model.load(half, value)

    simulate(dut, bench)


def test_draws_refuses_none() -> None:
    assert refusal(Draws, 0) == "count = 0: expected at least 1 draw a take"


@pytest.mark.parametrize(("ports", "fraction_bits"), [(1, 2), (2, 8), (3, 12)])
def test_noise_of_every_index(ports: int, fraction_bits: int, rng: np.random.Generator) -> None:
    dut = NoiseTable(ports, fraction_bits=fraction_bits)
    table = noise_table(fraction_bits) - 1
    width = len(dut.noise_less_one[0])
    assert -(2 ** (width - 1)) <= table.min() < -(2 ** (width - 2))
    orders = np.stack([rng.permutation(1024) for _ in range(ports)], axis=1)

    async def bench(context: Any) -> None:
        shown, waiting = None, None
        for indices in [*orders, orders[0]]:
            context.set(Value.cast(dut.index), pack(indices, 10))
            await context.tick()
            shown, waiting = waiting, table[indices].tolist()  # two cycles of latency
            if shown is not None:
                assert unpack(context.get(Value.cast(dut.noise_less_one)), width, ports, signed=True) == shown

    simulate(dut, bench)
