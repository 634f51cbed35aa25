"""The three-factor update, transposed: sums over positions, one multiply, one stochastic rounding, one write."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bsff.config import CLASSES
from bsff.contract.formats import (
    ACTIVITY_BITS,
    ACTIVITY_SHIFT,
    BIAS_BITS,
    BIAS_WIDTH,
    DRAW_BITS,
    GAIN_BITS,
    INPUT_MEAN_BITS,
    STEP_BITS,
)

from . import lfsr

Ints = NDArray[np.int64]


def half_up(value: Ints, shift: int) -> Ints:
    """``value / 2**shift`` rounded to the nearest, halves up."""
    return (value + (1 << (shift - 1))) >> shift


def gains(error: Ints, step: Ints) -> Ints:
    """Gain of each class: ``eta * e`` in units of ``2**-GAIN_BITS`` weight units, rounded half up.

    Parameters
    ----------
    error : array of int, shape (R, classes)
        In units of ``2**-ERROR_BITS``.
    step : array of int, shape (R,)
        Step register, in units of ``2**-STEP_BITS`` weight units.
    """
    return half_up(error * step[:, None], STEP_BITS)


def average_activity(activity: Ints, ones: Ints) -> Ints:
    """Running number of ones in the input map, (R,) each, in units of ``2**-ACTIVITY_BITS``; rounded half up."""
    return activity + half_up((ones << ACTIVITY_BITS) - activity, ACTIVITY_SHIFT)


def reciprocal(inputs: int) -> int:
    """``1 / inputs`` with ``ACTIVITY_BITS + INPUT_MEAN_BITS`` fractional bits, rounded."""
    return ((1 << (ACTIVITY_BITS + INPUT_MEAN_BITS)) + inputs // 2) // inputs


def mean_activity(activity: Ints, inputs: int) -> Ints:
    """Mean of one input, in units of ``2**-INPUT_MEAN_BITS``: activity times the rounded reciprocal of `inputs`."""
    return (activity * reciprocal(inputs)) >> (2 * ACTIVITY_BITS)


def dither(stream: lfsr.State, count: int) -> tuple[Ints, lfsr.State]:
    """One dither of `GAIN_BITS` bits a tap, shared by the channels of all groups.

    Returns
    -------
    dither : array of int, shape (R, count)
        The upper bits of consecutive draws.
    stream : array of uint64, shape (R,)
    """
    stream, words = lfsr.advance(stream, lfsr.steps_for(count))
    return lfsr.slices(words)[:, :count] >> (DRAW_BITS - GAIN_BITS), stream


def update(
    weights: Ints, bias: Ints, taps: Ints, response: Ints, gain: Ints, mean: Ints, noise: Ints, *, weight_bits: int
) -> tuple[Ints, Ints, Ints]:
    """Learn from one sample: ``dW[i,j] = eta e sum_p (x[p,i] - mean) d[p,j]``.

    Parameters
    ----------
    weights : array of int, shape (R, groups, taps, C/groups)
    bias : array of int, shape (R, C)
    taps : array of int, shape (R, groups, positions, taps)
    response : array of int, shape (R, positions, C)
        d, after the pool has chosen its winners.
    gain : array of int, shape (R, classes)
    mean : array of int, shape (R,)
        Mean activity of an input; 0 where the update is not centred.
    noise : array of int, shape (R, taps)
        Dither of each tap.
    weight_bits : int
        A weight saturates at this width, a bias at `BIAS_WIDTH`.

    Returns
    -------
    weights, bias : arrays of int
    saturated : array of int, shape (R,)
        Weights that the update would have taken out of range.
    """
    replicas, groups, _, width = weights.shape
    channels = groups * width
    gain = np.repeat(gain, channels // CLASSES, axis=1)
    grouped = response.reshape(replicas, -1, groups, width).transpose(0, 2, 1, 3)
    sums = np.matmul(taps.transpose(0, 1, 3, 2), grouped)
    total = response.sum(1)
    correction = half_up(total * mean[:, None] * gain, INPUT_MEAN_BITS)

    row_gain = gain.reshape(replicas, groups, 1, width)
    row_correction = correction.reshape(replicas, groups, 1, width)
    change = (sums * row_gain - row_correction + noise[:, None, :, None]) >> GAIN_BITS
    high = (1 << (weight_bits - 1)) - 1
    updated = np.clip(weights + change, -high - 1, high)
    saturated = (updated != weights + change).sum((1, 2, 3))

    moved = (updated - weights).sum(2).reshape(replicas, channels)
    folded = half_up(moved * mean[:, None], INPUT_MEAN_BITS - BIAS_BITS)
    step = half_up(total * gain, GAIN_BITS - BIAS_BITS) - folded
    limit = (1 << (BIAS_WIDTH - 1)) - 1
    return updated, np.clip(bias + step, -limit - 1, limit), saturated
