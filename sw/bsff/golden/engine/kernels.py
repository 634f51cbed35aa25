"""Compiled steps of a layer, one sample of one replica at a time, by the hardware's own sparse indexing.

The names are those of the plain modules in `bsff.golden`, which document what is computed; here stands how it is made
fast: active taps are listed once and used by the forward pass and the update, inner loops run over the contiguous
channels of a weight row so that they vectorise, and every intermediate has the narrowest type that holds it.
"""

# mypy: disable-error-code="no-untyped-def, no-any-return, untyped-decorator"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit, uint64

from .. import goodness, lfsr, softmax, tables, update
from .cache import use_cache

use_cache()

_LEFT, _RIGHT, _LAST = (uint64(s) for s in lfsr.SHIFTS)
_DRAW = uint64(lfsr.DRAW_BITS)
_NOISE_SHIFT = uint64(lfsr.DRAW_BITS - tables.NOISE_BITS)
_NOISE_MASK = uint64(2**tables.NOISE_BITS - 1)
_DITHER_SHIFT = uint64(lfsr.DRAW_BITS - update.GAIN_BITS)
_DITHER_MASK = uint64(2**update.GAIN_BITS - 1)
_EXP2 = tables.exp2_table()
_LOG2 = tables.log2_table()
_EXP_BITS, _EXP_ONE, _EXP_MASK = tables.EXP_BITS, tables.EXP_ONE, 2**tables.EXP_BITS - 1
_ERROR_BITS = softmax.ERROR_BITS
_MEAN_BITS, _SCALE_BITS = goodness.MEAN_BITS, goodness.SCALE_BITS
_STEP_BITS, _GAIN_BITS, _BIAS_BITS = update.STEP_BITS, update.GAIN_BITS, update.BIAS_BITS
_BIAS_MAX = 2 ** (update.BIAS_WIDTH - 1) - 1
_ACTIVITY_SHIFT, _ACTIVITY_BITS, _INPUT_BITS = update.ACTIVITY_SHIFT, update.ACTIVITY_BITS, update.MEAN_BITS


class Shape(NamedTuple):
    """What the kernels need to know of a layer."""

    kernel: int
    padding: int
    pool: int
    groups: int
    tile: int
    xor: bool
    boxcar: int
    running: bool
    momentum_shift: int
    centre: bool
    inputs: int
    reciprocal: int
    weight_max: int
    levels: int
    half: int


@njit(inline="always")
def step(state):
    """`lfsr.step`."""
    state ^= state << _LEFT
    state ^= state >> _RIGHT
    state ^= state << _LAST
    return state


@njit(nogil=True, cache=True)
def encode_bernoulli(pixels, stream, bits):
    """`encode.encode` for ``bernoulli``: pixels (N, P) to bits (N, P); `stream` has shape (1,)."""
    state = stream[0]
    for n in range(pixels.shape[0]):
        for i in range(pixels.shape[1]):
            quarter = uint64(i % 4)
            if quarter == 0:
                state = step(state)
            bits[n, i] = ((state >> (quarter * _DRAW)) & uint64(0xFFFF)) >> uint64(8) < pixels[n, i]
    stream[0] = state


@njit(nogil=True, cache=True)
def list_active(inputs, shape, height, width, active, count):
    """The active-index encoder: for each position and group the taps that are on, rising, a count n listed n times.

    Parameters
    ----------
    inputs : uint8, shape (H, W, C)
    height, width : of the output grid before the pool
    active : int32, shape (positions, groups, taps * levels)
    count : int32, shape (positions, groups)

    Returns
    -------
    ones : sum of the input map
    taps : sum of `count`
    """
    in_height, in_width, in_channels = inputs.shape
    own = in_channels // shape.groups
    channel = np.empty((in_height, in_width, shape.groups, own * shape.levels), np.int32)
    lit = np.empty((in_height, in_width, shape.groups), np.int32)
    ones = 0
    for y in range(in_height):
        for x in range(in_width):
            for g in range(shape.groups):
                n = 0
                for c in range(own):
                    for _ in range(inputs[y, x, g * own + c]):
                        channel[y, x, g, n] = c
                        n += 1
                lit[y, x, g] = n
                ones += n
    taps = 0
    for y in range(height):
        for x in range(width):
            position = y * width + x
            for g in range(shape.groups):
                n = 0
                for ky in range(shape.kernel):
                    iy = y + ky - shape.padding
                    if iy < 0 or iy >= in_height:
                        continue
                    for kx in range(shape.kernel):
                        ix = x + kx - shape.padding
                        if ix < 0 or ix >= in_width:
                            continue
                        base = (ky * shape.kernel + kx) * own
                        for k in range(lit[iy, ix, g]):
                            active[position, g, n] = base + channel[iy, ix, g, k]
                            n += 1
                count[position, g] = n
                taps += n
    return ones, taps


@njit(nogil=True, cache=True)
def fire(weights, bias, stream, shape, noise_table, active, count, fired, response):
    """`layer.forward` before the pool: accumulate the indexed rows and draw every tile.

    Parameters
    ----------
    weights : int16, shape (groups, taps, C/groups)
    bias : int32, shape (C,)
    stream : uint64, shape (1,)
    fired : uint8, shape (positions, C)
    response : int16, shape (positions, C)
    """
    groups, _, width = weights.shape
    channels = groups * width
    tile = shape.tile
    draws = channels * tile * (3 if shape.xor else 1)
    noise = np.empty((draws + 3) // 4 * 4, np.int32)
    start = np.empty(channels, np.int32)
    for j in range(channels):
        start[j] = bias[j] >> _BIAS_BITS
    total = np.empty(channels, np.int32)
    theta = np.zeros(tile, np.int32)
    if tile > 1:
        for m in range(tile):
            theta[m] = shape.half * (2 * m + 1)
    state = stream[0]
    for position in range(fired.shape[0]):
        for g in range(groups):
            part = total[g * width:(g + 1) * width]
            part[:] = start[g * width:(g + 1) * width]
            for n in range(count[position, g]):
                row = weights[g, active[position, g, n]]
                for j in range(width):
                    part[j] += row[j]
        for i in range(0, draws, 4):
            state = step(state)
            for quarter in range(4):
                noise[i + quarter] = noise_table[(state >> (uint64(quarter) * _DRAW + _NOISE_SHIFT)) & _NOISE_MASK]
        out, answer = fired[position], response[position]
        if tile == 1 and not shape.xor:
            for j in range(channels):
                out[j] = total[j] + noise[j] > 0
            for j in range(channels):
                answer[j] = (total[j] > -shape.boxcar) & (total[j] < shape.boxcar)
        else:
            for j in range(channels):
                n, d = 0, 0
                for m in range(tile):
                    level = total[j] - theta[m]
                    if shape.xor:
                        i = 3 * (j * tile + m)
                        n += level + noise[i] > 0
                        d += (level + noise[i + 1] > 0) != (level + noise[i + 2] > 0)
                    else:
                        n += level + noise[j * tile + m] > 0
                        d += -shape.boxcar < level and level < shape.boxcar
                out[j] = n
                answer[j] = d
    stream[0] = state


@njit(nogil=True, cache=True)
def pool(fired, response, pooled):
    """`pool.pool`: (H, W, C) to (H/2, W/2, C), the response of losers set to 0 in place."""
    height, width, channels = fired.shape
    for y in range(height):
        for x in range(width):
            if y >= 2 * pooled.shape[0] or x >= 2 * pooled.shape[1]:
                response[y, x] = 0
    for y in range(pooled.shape[0]):
        for x in range(pooled.shape[1]):
            a, b = fired[2 * y, 2 * x], fired[2 * y, 2 * x + 1]
            c, d = fired[2 * y + 1, 2 * x], fired[2 * y + 1, 2 * x + 1]
            ra, rb = response[2 * y, 2 * x], response[2 * y, 2 * x + 1]
            rc, rd = response[2 * y + 1, 2 * x], response[2 * y + 1, 2 * x + 1]
            out = pooled[y, x]
            for j in range(channels):
                out[j] = max(max(a[j], b[j]), max(c[j], d[j]))
            for j in range(channels):
                first = a[j] == out[j]
                second = (b[j] == out[j]) & (not first)
                third = (c[j] == out[j]) & (not first) & (not second)
                fourth = (not first) & (not second) & (not third)
                ra[j] *= first
                rb[j] *= second
                rc[j] *= third
                rd[j] *= fourth


@njit(nogil=True, cache=True)
def class_error(logits, label, error):
    """`softmax.class_error` and `softmax.cross_entropy` of one sample; fills `error`, returns (loss, best class)."""
    best = 0
    for c in range(logits.size):
        if logits[c] > logits[best]:
            best = c
    power = np.empty(logits.size, np.int64)
    total = 0
    for c in range(logits.size):
        below = logits[best] - logits[c]
        whole = below >> _EXP_BITS
        power[c] = 0 if whole > _EXP_ONE else _EXP2[below & _EXP_MASK] >> whole
        total += power[c]
    for c in range(logits.size):
        error[c] = -((power[c] << _ERROR_BITS) // total)
    error[label] += 1 << _ERROR_BITS
    lead = 0
    while total >> (lead + _EXP_ONE + 1) > 0:
        lead += 1
    mantissa = (total >> (lead + _EXP_ONE - _EXP_BITS)) & _EXP_MASK
    return logits[best] - logits[label] + (lead << _EXP_BITS) + _LOG2[mantissa], best


@njit(nogil=True, cache=True)
def judge(output, mean, scale, difference, logits):
    """`goodness.centred` and `goodness.logits` of the map `output`, uint8 (H, W, C)."""
    channels = mean.size
    tally = np.zeros(channels, np.int32)
    for y in range(output.shape[0]):
        for x in range(output.shape[1]):
            out = output[y, x]
            for j in range(channels):
                tally[j] += out[j]
    own = channels // logits.size
    for c in range(logits.size):
        total = 0
        for j in range(c * own, (c + 1) * own):
            difference[j] = (np.int64(tally[j]) << _MEAN_BITS) - mean[j]
            total += difference[j]
        logits[c] = (total * scale) >> _SCALE_BITS


@njit(nogil=True, cache=True)
def add_up(active, count, response, sums):
    """``S[g,i,j] = sum over positions of x * d``, by adding the row of d to every active tap's sums."""
    groups, _, width = sums.shape
    sums[:] = 0
    for position in range(response.shape[0]):
        for g in range(groups):
            row = response[position, g * width:(g + 1) * width]
            for n in range(count[position, g]):
                into = sums[g, active[position, g, n]]
                for j in range(width):
                    into[j] += row[j]


@njit(nogil=True, cache=True)
def learn(weights, bias, stream, shape, response, sums, error, step_register, mean):
    """`update.update` after `add_up`; returns the number of saturated weights."""
    groups, taps, width = weights.shape
    channels = groups * width
    total = np.zeros(channels, np.int32)
    for position in range(response.shape[0]):
        for j in range(channels):
            total[j] += response[position, j]
    gain = np.empty(channels, np.int32)
    correction = np.empty(channels, np.int32)
    for j in range(channels):
        gain[j] = (error[j // (channels // error.size)] * step_register + (1 << (_STEP_BITS - 1))) >> _STEP_BITS
        correction[j] = (np.int64(total[j]) * mean * gain[j]) >> _INPUT_BITS
    moved = np.zeros(channels, np.int32)
    product = np.empty(width, np.int32)
    high = np.int32(shape.weight_max)
    low = np.int32(-high - 1)
    saturated = 0
    state = stream[0]
    for g in range(groups):
        own_gain = gain[g * width:(g + 1) * width]
        own_correction = correction[g * width:(g + 1) * width]
        own_moved = moved[g * width:(g + 1) * width]
        for i in range(taps):
            quarter = uint64((g * taps + i) % 4)
            if quarter == 0:
                state = step(state)
            dither = np.int32((state >> (quarter * _DRAW + _DITHER_SHIFT)) & _DITHER_MASK)
            row, summed = weights[g, i], sums[g, i]
            # numba widens int32 arithmetic to 64 bits; storing after each step keeps the vectors at 32
            for j in range(width):
                product[j] = summed[j] * own_gain[j]
            for j in range(width):
                product[j] += dither - own_correction[j]
            for j in range(width):
                product[j] >>= _GAIN_BITS
            for j in range(width):
                product[j] += row[j]
            for j in range(width):
                saturated += (product[j] > high) | (product[j] < low)
            for j in range(width):
                product[j] = min(max(product[j], low), high)
            for j in range(width):
                own_moved[j] += product[j] - row[j]
            for j in range(width):
                row[j] = product[j]
    stream[0] = state
    shift = _GAIN_BITS - _BIAS_BITS
    for j in range(channels):
        change = (np.int64(total[j]) * gain[j] + (1 << (shift - 1))) >> shift
        change -= (np.int64(moved[j]) * mean) >> (_INPUT_BITS - _BIAS_BITS)
        bias[j] = min(max(bias[j] + change, -_BIAS_MAX - 1), _BIAS_MAX)
    return saturated
