"""The three-factor update, transposed: sums over positions, one multiply, one stochastic rounding, one write."""

from typing import TypeVar

import numpy as np

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
from .arrays import Ints

Number = TypeVar("Number", Ints, int)


def half_up(value: Number, shift: int) -> Number:
    """``value / 2**shift`` rounded to the nearest, halves up."""
    return (value + (1 << (shift - 1))) >> shift


def saturate(value: Ints, width: int) -> Ints:
    """The nearest signed number of `width` bits."""
    limit = 1 << (width - 1)
    return np.clip(value, -limit, limit - 1)


def gains(error: Ints, step: int) -> Ints:
    """Gain of each class: ``eta * e`` in units of ``2**-GAIN_BITS`` weight units, rounded half up.

    Parameters
    ----------
    error : array of int, shape (..., classes)
        In units of ``2**-ERROR_BITS``.
    step : int
        Step register, in units of ``2**-STEP_BITS`` weight units.
    """
    return half_up(error * step, STEP_BITS)


def average_activity(activity: int, ones: int) -> int:
    """Running number of ones in the input map, in units of ``2**-ACTIVITY_BITS``; rounded half up."""
    return activity + half_up((ones << ACTIVITY_BITS) - activity, ACTIVITY_SHIFT)


def reciprocal(inputs: int) -> int:
    """``1 / inputs`` with ``ACTIVITY_BITS + INPUT_MEAN_BITS`` fractional bits, rounded."""
    return ((1 << (ACTIVITY_BITS + INPUT_MEAN_BITS)) + inputs // 2) // inputs


def mean_activity(activity: int, inputs: int) -> int:
    """Mean of one input, in units of ``2**-INPUT_MEAN_BITS``: activity times the rounded reciprocal of `inputs`."""
    return (activity * reciprocal(inputs)) >> (2 * ACTIVITY_BITS)


def towards(count: Ints, target: int, shift: int | None) -> Ints:
    """Change of each bias towards a target of firing: ``(target - count) * 2**shift``, rounded down; 0 without one.

    Parameters
    ----------
    count : array of int, shape (C,)
        p-bits of each channel that fired, after the pool.
    target, shift : int
        See `bsff.contract.numerics.firing_count` and `firing_shift`.
    """
    if shift is None:
        return np.zeros_like(count)
    missing = target - count
    return missing << shift if shift >= 0 else missing >> -shift


def dither(stream: lfsr.State, count: int) -> tuple[Ints, lfsr.State]:
    """One dither of `GAIN_BITS` bits a tap, shared by the channels of all groups.

    Returns
    -------
    dither : array of int, shape (..., count)
        The upper bits of consecutive draws.
    stream : array of uint64, shape (...)
    """
    stream, words = lfsr.advance(stream, lfsr.steps_for(count))
    return lfsr.slices(words)[..., :count] >> (DRAW_BITS - GAIN_BITS), stream


def update(
    weights: Ints,
    bias: Ints,
    taps: Ints,
    response: Ints,
    gain: Ints,
    mean: int,
    noise: Ints,
    *,
    weight_bits: int,
    moved: Ints | int = 0,
) -> tuple[Ints, Ints, int]:
    """Learn from one sample: ``dW[i,j] = eta e sum_p (x[p,i] - mean) d[p,j]``.

    Parameters
    ----------
    weights : array of int, shape (groups, taps, C/groups)
    bias : array of int, shape (C,)
    taps : array of int, shape (groups, positions, taps)
    response : array of int, shape (positions, C)
        d, after the pool has chosen its winners.
    gain : array of int, shape (classes,)
    mean : int
        Mean activity of an input; 0 where the update is not centred.
    noise : array of int, shape (taps,)
        Dither of each tap.
    weight_bits : int
        A weight saturates at this width, a bias at `BIAS_WIDTH`.
    moved : array of int, shape (C,)
        What else moves the biases, from `towards`.

    Returns
    -------
    weights, bias : arrays of int
    saturated : int
        Weights that the update would have taken out of range.
    """
    groups, _, width = weights.shape
    gain = np.repeat(gain, groups * width // len(gain))
    grouped = response.reshape(-1, groups, width).swapaxes(0, 1)
    sums = np.matmul(taps.swapaxes(1, 2), grouped)
    total = response.sum(0)
    correction = half_up(total * mean * gain, INPUT_MEAN_BITS)

    row_gain, row_correction = gain.reshape(groups, 1, width), correction.reshape(groups, 1, width)
    wanted = weights + ((sums * row_gain - row_correction + noise[:, None]) >> GAIN_BITS)
    updated = saturate(wanted, weight_bits)

    folded = half_up((updated - weights).sum(1).reshape(-1) * mean, INPUT_MEAN_BITS - BIAS_BITS)
    step = half_up(total * gain, GAIN_BITS - BIAS_BITS) - folded + moved
    return updated, saturate(bias + step, BIAS_WIDTH), int((updated != wanted).sum())
