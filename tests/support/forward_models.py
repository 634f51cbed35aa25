"""What the golden model makes of sums: p-bits, pool, and the beats in which they come."""

from __future__ import annotations

import numpy as np
from hw_helpers import pack, unary

from bsff.contract.formats import BIAS_BITS
from bsff.contract.numerics import boxcar_width
from bsff.golden import layer, pbit, pool
from bsff_hw.plan import LayerPlan


def fire_all(plan: LayerPlan, sums: np.ndarray, bias: np.ndarray, state: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Counts, responses (positions, channels) of one or more maps and the generator's last state, as in the golden layer."""
    config = plan.shape.config
    stream, drawn = np.array(state, np.uint64), []
    for _ in range(len(sums) // plan.shape.positions):
        taken, stream = layer.draws(plan.shape, stream)
        drawn.append(taken)
    count, response = pbit.tile(
        sums + (bias >> BIAS_BITS),
        np.concatenate(drawn),
        size=config.tile,
        fraction_bits=config.fraction_bits,
        eligibility=config.eligibility,
        boxcar=boxcar_width(config),
    )
    return count, response, int(stream)


def fired(count: np.ndarray, response: np.ndarray, plan: LayerPlan, winner: np.ndarray | None = None) -> list[int]:
    """Beats of a map (height, width, channels)."""
    words = []
    for at in range(0, count.size, plan.tiles):
        own = slice(at, at + plan.tiles)
        word, size = unary(count.ravel()[own], plan.tile), plan.tiles * plan.tile
        word |= pack(response.ravel()[own], plan.response_width) << size
        if winner is not None:
            word |= pack(winner.ravel()[own], 2) << (size + plan.tiles * plan.response_width)
        words.append(word)
    return words


def pooled(count: np.ndarray, response: np.ndarray, plan: LayerPlan) -> list[int]:
    """What leaves the pool: the golden model's maxima and the only response that it leaves in each window."""
    high, wide = plan.pool
    most, kept = pool.pool(count[None], response[None], plan.pool)
    h, w = plan.shape.output[:2]

    def windows(values: np.ndarray) -> np.ndarray:
        parts = values[: high * h, : wide * w].reshape(h, high, w, wide, -1)
        return parts.transpose(0, 2, 1, 3, 4).reshape(h, w, high * wide, -1)

    return fired(most[0], windows(kept[0]).sum(2), plan, windows(count).argmax(2))
