"""The softmax head: one lane a class, no p-bits, the same local rule."""

from collections.abc import Mapping, Sequence

import numpy as np

from bsff.contract.formats import BIAS_BITS, BIAS_WIDTH, GAIN_BITS, LOG2_E
from bsff.contract.geometry import HeadGeometry
from bsff.contract.numerics import head_shift

from . import pool, softmax, update
from .arrays import Ints
from .layer import Outcome
from .state import HeadState


def inputs(shape: HeadGeometry, maps: Sequence[Ints] | Mapping[int, Ints]) -> Ints:
    """What the head reads: the pooled maps of its sources, one after another, each in the order row, column, channel.

    Parameters
    ----------
    maps : arrays of int, shape (..., H, W, C)
        By layer, from 0.

    Returns
    -------
    array of int, shape (..., rows)
    """
    pooled = (pool.pool_up(maps[source.layer], source.window, shape.config.pooling) for source in shape.sources)
    return np.concatenate([each.reshape(*each.shape[:-3], -1) for each in pooled], -1)


def run(shape: HeadGeometry, state: HeadState, maps: Sequence[Ints], label: int) -> Outcome:
    """Present the maps of a sample; the state is changed in place.

    An active row learns ``dW[i,c] = eta e[c] x[i]``, rounded by a dither of its own; the dithers are drawn for the
    active rows alone, in rising order.

    Parameters
    ----------
    maps : sequence of arrays of int, shape (H, W, C)
        Of all layers; counts in 0..M.
    """
    config = shape.config
    active = inputs(shape, maps)
    sums = active @ state.weights.astype(np.int64) + (state.bias.astype(np.int64) >> BIAS_BITS)
    logits = (sums * LOG2_E) >> head_shift(config.fraction_bits)
    error = softmax.class_error(logits, label)
    updated = bool(state.learn and error[label] >= state.gate)
    saturated = 0
    if updated:
        gain = update.gains(error, int(state.step))
        rows = np.flatnonzero(active)
        noise, state.rounding[...] = update.dither(state.rounding, len(rows))
        wanted = state.weights[rows] + ((active[rows, None] * gain + noise[:, None]) >> GAIN_BITS)
        state.weights[rows] = kept = update.saturate(wanted, config.weight_bits)
        saturated = int((kept != wanted).sum())
        moved = state.bias + update.half_up(gain, GAIN_BITS - BIAS_BITS)
        state.bias[:] = update.saturate(moved, BIAS_WIDTH)
    loss = int(softmax.cross_entropy(logits, label))
    return Outcome(active[:0], logits, loss, int(active.sum()), updated, saturated)
