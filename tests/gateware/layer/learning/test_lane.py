"""One weight's update."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import simulate
from update_cases import PLANS, changed, coefficients, packed, random_weights

from bsff.contract.formats import GAIN_BITS
from bsff_hw.layer.learning.lane import UpdateLane


@pytest.mark.parametrize("name", ["a lane", "inner folds", "all groups"])
def test_lane(name: str, rng: np.random.Generator) -> None:
    """A weight a cycle; W' six cycles after S and W, the coefficient one cycle after them, the dither four."""
    plan = PLANS[name]
    dut = UpdateLane(plan)
    count = 600
    sums = rng.integers(0, plan.shape.sum_bound + 1, count)
    weights = random_weights(plan, (count,), rng)
    gain, correction = coefficients(plan, (count,), rng)
    dither = rng.choice([0, 2**12 - 1, 2048, 77], count)
    expected, wanted = changed(plan, sums, weights, gain, correction, dither)
    assert {*np.sign(wanted - expected).tolist()} == {-1, 0, 1}  # both ends are met

    async def bench(context: Any) -> None:
        for i in range(count + dut.LATENCY):
            now, late, latest = (min(max(i - delay, 0), count - 1) for delay in (0, 1, dut.DITHER))
            context.set(dut.sum, int(sums[now]))
            context.set(dut.weight, int(weights[now]))
            context.set(dut.coefficient.as_value(), packed(plan, gain[late], correction[late]))
            context.set(dut.dither, int(dither[latest]))
            if (done := i - dut.LATENCY) >= 0:
                assert context.get(dut.changed) == expected[done]
                assert context.get(dut.unchanged) == weights[done]
                assert context.get(dut.moved) == expected[done] - weights[done]
                assert context.get(dut.saturated) == (expected[done] != wanted[done])
            await context.tick()

    simulate(dut, bench)


@pytest.mark.parametrize("change", [-9, -1, 0, 1, 9])
def test_every_weight_of_eight_bits(change: int) -> None:
    plan = PLANS["a lane"]
    dut = UpdateLane(plan)
    outputs = []

    async def bench(context: Any) -> None:
        context.set(dut.sum, 1)
        context.set(dut.coefficient.gain, change << GAIN_BITS)
        context.set(dut.dither, 2**GAIN_BITS - 1)  # what is dropped
        for weight in [*range(-128, 128), *[0] * dut.LATENCY]:
            context.set(dut.weight, weight)
            outputs.append(context.get(dut.changed))
            await context.tick()

    simulate(dut, bench)
    assert outputs[dut.LATENCY :] == np.clip(np.arange(-128, 128) + change, -128, 127).tolist()
