"""The softmax head: one lane a class, no p-bits, the same local rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bsff.config import HeadConfig
from bsff.contract.formats import BIAS_BITS, BIAS_WIDTH, GAIN_BITS, LOG2_E
from bsff.contract.geometry import HeadGeometry
from bsff.contract.numerics import head_shift

from . import pool, softmax, update
from .layer import Outcome
from .state import HeadState

Ints = NDArray[np.int64]


def run(config: HeadConfig, head: HeadGeometry, state: HeadState, inputs: Ints, labels: Ints) -> Outcome:
    """Present the last layer's map to every replica; the state is changed in place.

    An active row learns ``dW[i,c] = eta e[c] x[i]``, rounded by a dither of its own; the dithers are drawn for the
    active rows alone, in rising order.

    Parameters
    ----------
    inputs : array of int, shape (R, H, W, C)
        Counts in 0..M.
    labels : array of int, shape (R,)
    """
    replicas = inputs.shape[0]
    active = (pool.pool_up(inputs) if config.pool == 2 else inputs).reshape(replicas, 1, -1)
    sums = np.matmul(active, state.weights.astype(np.int64))[:, 0] + (state.bias.astype(np.int64) >> BIAS_BITS)
    logits = (sums * LOG2_E) >> head_shift(config.fraction_bits)
    error = softmax.class_error(logits, labels)
    updated = state.learn & (np.take_along_axis(error, labels[:, None], 1)[:, 0] >= state.gate)
    saturated = np.zeros(replicas, np.int64)
    gain = update.gains(error, state.step.astype(np.int64))
    for r in np.flatnonzero(updated):  # replicas differ in the number of draws
        rows = np.flatnonzero(active[r, 0])
        noise, stream = update.dither(state.rounding[r : r + 1], len(rows))
        state.rounding[r] = stream[0]
        wanted = state.weights[r, rows] + ((active[r, 0, rows, None] * gain[r] + noise[0, :, None]) >> GAIN_BITS)
        limit = (1 << (config.weight_bits - 1)) - 1
        state.weights[r, rows] = np.clip(wanted, -limit - 1, limit)
        saturated[r] = (np.clip(wanted, -limit - 1, limit) != wanted).sum()
        limit = (1 << (BIAS_WIDTH - 1)) - 1
        state.bias[r] = np.clip(state.bias[r] + update.half_up(gain[r], GAIN_BITS - BIAS_BITS), -limit - 1, limit)
    return Outcome(inputs[:, :0], logits, softmax.cross_entropy(logits, labels), active.sum((1, 2)), updated, saturated)
