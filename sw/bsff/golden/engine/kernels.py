"""Compiled steps of a layer, one sample of one replica at a time, by the hardware's own sparse indexing.

The names are those of the plain modules in `bsff.golden`, which document what is computed; here stands how it is made
fast: active taps are listed once and used by the forward pass and the update, inner loops run over the contiguous
channels of a weight row so that they vectorise, and every intermediate has the narrowest type that holds it.
"""

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
def list_active(inputs, shape, taps, height, width, row, start):
    """The active-index encoder: for each position and group the weight rows that are on, rising, n times for a count n.

    Parameters
    ----------
    inputs : uint8, shape (H, W, C)
    taps : of one group; row ``g * taps + tap`` of the weights belongs to group g
    height, width : of the output grid before the pool
    row : uint32, shape (positions * groups * taps * levels,)
        The rows, position by position, group by group.
    start : uint32, shape (positions * groups + 1,)
        Where each list begins in `row`; the last entry is the end.

    Returns
    -------
    ones : sum of the input map
    """
    in_height, in_width, in_channels = inputs.shape
    own = in_channels // shape.groups
    channel = np.empty((in_height, in_width, shape.groups, own * shape.levels), np.uint32)
    lit = np.empty((in_height, in_width, shape.groups), np.uint32)
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
    n = 0
    for y in range(height):
        for x in range(width):
            for g in range(shape.groups):
                start[(y * width + x) * shape.groups + g] = n
                for ky in range(max(0, shape.padding - y), min(shape.kernel, in_height + shape.padding - y)):
                    for kx in range(max(0, shape.padding - x), min(shape.kernel, in_width + shape.padding - x)):
                        iy, ix = y + ky - shape.padding, x + kx - shape.padding
                        base = g * taps + (ky * shape.kernel + kx) * own
                        for k in range(lit[iy, ix, g]):
                            row[n] = base + channel[iy, ix, g, k]
                            n += 1
    start[height * width * shape.groups] = n
    return ones


@njit(nogil=True, cache=True)
def add_rows(table, row, begin, end, narrow, total, into):
    """``total[into] += sum of table[row[k]] for k in begin .. end - 1``: the indexed accumulation.

    Eight rows at a time are added in the narrow type of the table, which the caller has chosen so that eight fit, and
    widened once; that is what makes the loop fast.

    Parameters
    ----------
    table : int16 or uint8, shape (rows, width)
    row : uint32
    narrow : scratch, shape (width,), of a type that holds the sum of eight rows
    total : shape (n, width)
    """
    width = narrow.size
    k = begin
    while k + 8 <= end:
        a, b, c, d = row[k], row[k + 1], row[k + 2], row[k + 3]
        e, f, g, h = row[k + 4], row[k + 5], row[k + 6], row[k + 7]
        for j in range(width):
            narrow[j] = (
                table[a, j]
                + table[b, j]
                + table[c, j]
                + table[d, j]
                + table[e, j]
                + table[f, j]
                + table[g, j]
                + table[h, j]
            )
        for j in range(width):
            total[into, j] += narrow[j]
        k += 8
    if k + 4 <= end:
        a, b, c, d = row[k], row[k + 1], row[k + 2], row[k + 3]
        for j in range(width):
            narrow[j] = table[a, j] + table[b, j] + table[c, j] + table[d, j]
        for j in range(width):
            total[into, j] += narrow[j]
        k += 4
    while k < end:
        a = row[k]
        for j in range(width):
            total[into, j] += table[a, j]
        k += 1


@njit(nogil=True, cache=True)
def fire(weights, bias, stream, shape, noise_table, row, start, narrow, fired, response):
    """`layer.forward` before the pool: accumulate the indexed rows and draw every tile.

    Parameters
    ----------
    weights : int16, shape (groups * taps, C/groups)
    bias : int32, shape (C,)
    stream : uint64, shape (1,)
    row, start : from `list_active`
    narrow : see `add_rows`
    fired : uint8, shape (positions, C)
    response : uint8, shape (positions, C)
    """
    channels = bias.size
    groups = shape.groups
    width = channels // groups
    tile = shape.tile
    draws = channels * tile * (3 if shape.xor else 1)
    noise = np.empty((draws + 3) // 4 * 4, np.int32)
    sums = np.empty((groups, width), np.int32)
    total = sums.reshape(channels)
    theta = np.zeros(tile, np.int32)
    if tile > 1:
        for m in range(tile):
            theta[m] = shape.half * (2 * m + 1)
    state = stream[0]
    for position in range(fired.shape[0]):
        for j in range(channels):
            total[j] = bias[j] >> _BIAS_BITS
        for g in range(groups):
            at = position * groups + g
            add_rows(weights, row, start[at], start[at + 1], narrow, sums, g)
        for i in range(0, draws, 4):
            state = step(state)
            for quarter in range(4):
                noise[i + quarter] = noise_table[(state >> (uint64(quarter) * _DRAW + _NOISE_SHIFT)) & _NOISE_MASK]
        if tile == 1 and not shape.xor:
            for j in range(channels):
                fired[position, j] = total[j] + noise[j] > 0
            for j in range(channels):
                response[position, j] = (total[j] > -shape.boxcar) & (total[j] < shape.boxcar)
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
                fired[position, j] = n
                response[position, j] = d
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
def transpose(row, start, groups, rows, position, begin):
    """For every weight row the positions at which it was active: the lists of `list_active` turned round.

    Parameters
    ----------
    position : uint32, shape of `row`
        ``position * groups + group``, row by row, rising.
    begin : uint32, shape (rows + 1,)
        Where each row's list begins.
    """
    begin[:] = 0
    lists = start.size - 1
    end = start[lists]
    for k in range(end):
        begin[row[k] + np.uint32(1)] += np.uint32(1)
    for i in range(rows):
        begin[i + 1] += begin[i]
    for at in range(lists):
        for k in range(start[at], start[at + 1]):
            i = row[k]
            position[begin[i]] = at
            begin[i] += np.uint32(1)
    for i in range(rows, 0, -1):  # filling moved every beginning to the next one's
        begin[i] = begin[i - 1]
    begin[0] = 0


@njit(nogil=True, cache=True)
def learn(weights, bias, stream, shape, position, begin, response, error, step_register, mean):
    """`update.update`, row by row; returns the number of saturated weights.

    Parameters
    ----------
    weights : int16, shape (groups * taps, C/groups)
    position, begin : from `transpose`
    response : uint8, shape (positions, C)
        At most 15, so that eight rows fit 8 bits.
    """
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
        gain[j] = (error[j // (channels // error.size)] * step_register + (1 << (_STEP_BITS - 1))) >> _STEP_BITS
        correction[j] = (np.int64(total[j]) * mean * gain[j]) >> _INPUT_BITS
    # by group, so that the inner loops index with j alone: numba guards a computed index against being negative
    group_gain, group_correction = gain.reshape(groups, width), correction.reshape(groups, width)
    moved = np.zeros(channels, np.int32)
    group_moved = moved.reshape(groups, width)
    change = np.empty((1, width), np.int32)
    narrow = np.empty(width, np.uint8)
    high = np.int32(shape.weight_max)
    low = np.int32(-high - 1)
    saturated = 0
    state = stream[0]
    for i in range(rows):
        quarter = uint64(i % 4)
        if quarter == 0:
            state = step(state)
        dither = np.int32((state >> (quarter * _DRAW + _DITHER_SHIFT)) & _DITHER_MASK)
        g = i // (rows // groups)
        for j in range(width):
            change[0, j] = 0
        add_rows(responses, position, begin[i], begin[i + 1], narrow, change, 0)
        # numba widens int32 arithmetic to 64 bits; storing after each step keeps the vectors at 32
        for j in range(width):
            change[0, j] *= group_gain[g, j]
        for j in range(width):
            change[0, j] += dither - group_correction[g, j]
        for j in range(width):
            change[0, j] >>= _GAIN_BITS
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
    stream[0] = state
    shift = _GAIN_BITS - _BIAS_BITS
    for j in range(channels):
        step_of_bias = (np.int64(total[j]) * gain[j] + (1 << (shift - 1))) >> shift
        step_of_bias -= (np.int64(moved[j]) * mean) >> (_INPUT_BITS - _BIAS_BITS)
        bias[j] = min(max(bias[j] + step_of_bias, -_BIAS_MAX - 1), _BIAS_MAX)
    return saturated
