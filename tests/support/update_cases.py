"""Plans, coefficients and weights for the tests of the update."""

from __future__ import annotations

from typing import Any

import numpy as np
from hw_helpers import layer_plan, pack

from bsff.contract.formats import GAIN_BITS, GAIN_WIDTH, SUM_WIDTH
from bsff_hw.plan import LayerPlan

FIRST = {"channels": 20, "kernel": 1, "padding": 0}
PLAIN = {"channels": 10, "kernel": 3, "padding": 1}
PLANS = {
    "a lane": layer_plan({**PLAIN, "update_lanes": 1, "weight_bits": 8, "fraction_bits": 4}, pixels=(3, 3, 1)),
    "all lanes": layer_plan({**PLAIN, "update_lanes": 10, "banks": 4}, pixels=(3, 3, 1)),
    "inner folds": layer_plan({**PLAIN, "lanes": 5, "banks": 2, "update_lanes": 5, "tile": 3}, pixels=(4, 3, 1)),
    "groups in turn": layer_plan(FIRST, {**FIRST, "groups": 10, "kernel": 2, "banks": 3}, pixels=(3, 3, 1)),
    "groups in pairs": layer_plan(
        {**FIRST, "tile": 2}, {**FIRST, "channels": 40, "groups": 10, "lanes": 8, "update_lanes": 2}, pixels=(2, 2, 1)
    ),
    "all groups": layer_plan(FIRST, {**FIRST, "groups": 10, "lanes": 20, "weight_bits": 16, "update_lanes": 2}, pixels=(2, 3, 1)),
}  # fmt: skip


def coefficients(plan: LayerPlan, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Gains and corrections such that S k - C + dither stays within 32 bits, as the host sees to."""
    bound = (2**31 - 2 ** (GAIN_BITS + 1)) // plan.shape.sum_bound
    gain_bound = min(bound, 2 ** (GAIN_WIDTH - 1) - 1)
    scale = rng.choice([gain_bound, 2**14, 2**9], shape)
    gain = (rng.uniform(-1, 1, shape) * np.minimum(scale, gain_bound)).astype(int)
    gain = np.where(rng.random(shape) < 0.1, np.sign(gain) * gain_bound, gain)
    largest = abs(gain) * plan.shape.sum_bound
    correction = np.sign(gain) * (rng.random(shape) * largest).astype(int)  # of the sign of the product, and no larger
    correction = np.where(rng.random(shape) < 0.1, np.sign(gain) * largest, correction)
    return gain, correction


def packed(plan: LayerPlan, gain: np.ndarray, correction: np.ndarray) -> int:
    pairs = [pack([k], GAIN_WIDTH) | pack([-c], SUM_WIDTH) << GAIN_WIDTH for k, c in zip(gain.ravel(), correction.ravel(), strict=True)]  # fmt: skip
    return pack(pairs, GAIN_WIDTH + SUM_WIDTH)


def changed(plan: LayerPlan, sums: Any, weights: Any, gain: Any, correction: Any, dither: Any) -> tuple[Any, Any]:
    """W' and what it would be without a limit, as in `golden.update.update`."""
    wanted = weights + ((sums * gain - correction + dither) >> GAIN_BITS)
    high = 2 ** (plan.weight_bits - 1) - 1
    return np.clip(wanted, -high - 1, high), wanted


def random_weights(plan: LayerPlan, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    top = 2 ** (plan.weight_bits - 1)
    weights = rng.integers(-top, top, shape)
    return np.where(rng.random(shape) < 0.3, rng.choice([-top, top - 1], shape), weights)
