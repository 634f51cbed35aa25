"""The update of one sample."""

import numpy as np
from numba import njit

from bsff.contract.formats import BIAS_BITS, BIAS_WIDTH, DRAWS, GAIN_BITS, INPUT_MEAN_BITS, STEP_BITS

from .active import add_rows
from .draws import dither, step

_BIAS_MAX = 2 ** (BIAS_WIDTH - 1) - 1


@njit(inline="always")
def half_up(value, shift):
    """`update.half_up`."""
    return (value + (1 << (shift - 1))) >> shift


@njit(inline="always")
def gain_of(error, step_register):
    """`update.gains` of one class."""
    return half_up(error * step_register, STEP_BITS)


@njit(inline="always")
def bias_step(product):
    """A change in units of a gain, in those of a bias."""
    return half_up(product, GAIN_BITS - BIAS_BITS)


@njit(inline="always")
def hold_bias(value):
    """Saturate a bias."""
    return min(max(value, -_BIAS_MAX - 1), _BIAS_MAX)


@njit(inline="always")
def towards(shape, fired, channel):
    """`update.towards` of one channel."""
    if not shape.targets:
        return np.int64(0)
    missing = np.int64(shape.firing_count)
    for y in range(fired.shape[0]):
        for x in range(fired.shape[1]):
            missing -= fired[y, x, channel]
    return missing << shape.firing_shift if shape.firing_shift >= 0 else missing >> -shape.firing_shift


@njit(nogil=True, cache=True)
def learn(shape, own, position, begin, fired, response, error, mean):
    """`update.update`, row by row; returns the number of saturated weights.

    Parameters
    ----------
    shape : LayerShape
    own : LayerViews
    position, begin : from `transpose`
    fired : uint8, shape (H, W, C)
        After the pool.
    response : uint8, shape (positions, C)
        At most 15, so that eight rows fit 8 bits.
    error : int64, shape (classes,)
    mean : int
        Mean activity of an input, 0 where the update is not centred.
    """
    weights, bias = own.weights, own.bias
    rows, width = weights.shape
    groups = shape.groups
    channels = groups * width
    responses = response.reshape(response.shape[0] * groups, width)
    total = np.zeros(channels, np.int32)
    for p in range(response.shape[0]):
        for j in range(channels):
            total[j] += response[p, j]
    gain = np.empty(channels, np.int32)
    correction = np.empty(channels, np.int32)
    for j in range(channels):
        gain[j] = gain_of(error[j // (channels // error.size)], own.step)
        correction[j] = half_up(np.int64(total[j]) * mean * gain[j], INPUT_MEAN_BITS)
    # by group, so that the inner loops index with j alone: numba guards a computed index against being negative
    group_gain, group_correction = gain.reshape(groups, width), correction.reshape(groups, width)
    moved = np.zeros(channels, np.int32)
    group_moved = moved.reshape(groups, width)
    change = np.empty((1, width), np.int32)
    narrow = np.empty(width, np.uint8)
    high = np.int32(shape.weight_max)
    low = np.int32(-high - 1)
    saturated = 0
    taps = rows // groups
    noises = np.empty(taps, np.int32)
    state = own.rounding[0]
    for tap in range(taps):
        if tap % DRAWS == 0:
            state = step(state)
        noises[tap] = dither(state, tap % DRAWS)
    own.rounding[0] = state
    for i in range(rows):
        g = i // taps
        noise = noises[i - g * taps]
        for j in range(width):
            change[0, j] = 0
        add_rows(responses, position, begin[i], begin[i + 1], narrow, change, 0)
        # numba widens int32 arithmetic to 64 bits; storing after each step keeps the vectors at 32
        for j in range(width):
            change[0, j] *= group_gain[g, j]
        for j in range(width):
            change[0, j] += noise - group_correction[g, j]
        for j in range(width):
            change[0, j] >>= GAIN_BITS
        for j in range(width):
            change[0, j] += weights[i, j]
        clipped = np.int32(0)
        for j in range(width):
            clipped += np.int32((change[0, j] > high) | (change[0, j] < low))
        saturated += clipped
        for j in range(width):
            change[0, j] = min(max(change[0, j], low), high)
        for j in range(width):
            group_moved[g, j] += change[0, j] - weights[i, j]
        for j in range(width):
            weights[i, j] = change[0, j]
    for j in range(channels):
        change_of_bias = bias_step(np.int64(total[j]) * gain[j])
        change_of_bias -= half_up(np.int64(moved[j]) * mean, INPUT_MEAN_BITS - BIAS_BITS)
        bias[j] = hold_bias(bias[j] + change_of_bias + towards(shape, fired, j))
    return saturated
