"""A stage of the pipeline: one layer, or the head, over a block of samples."""

from __future__ import annotations

import numpy as np
from numba import njit, uint64

from ...numerics import LOG2_E
from .. import update
from . import kernels
from .kernels import (
    _ACTIVITY_BITS,
    _ACTIVITY_SHIFT,
    _BIAS_BITS,
    _BIAS_MAX,
    _DITHER_MASK,
    _DITHER_SHIFT,
    _DRAW,
    _GAIN_BITS,
    _STEP_BITS,
)

_HALF_ACTIVITY = 1 << (_ACTIVITY_SHIFT - 1)
_MEAN_SHIFT = 2 * update.ACTIVITY_BITS


@njit(nogil=True, cache=True)
def run_layer(
    shape,
    noise_table,
    weights,
    bias,
    mean,
    activity,
    pbits,
    rounding,
    step_register,
    scale,
    gate,
    learns,
    conv,
    inputs,
    labels,
    narrow,
    output,
    logits,
    counters,
):
    """`layer.run` over N samples of one replica.

    Parameters
    ----------
    shape : kernels.Shape
    weights : int16, shape (groups * taps, C/groups)
    bias, mean, activity, pbits, rounding
        Views of one replica's state: the last three of shape (1,).
    conv : (height, width) before the pool
    inputs : uint8, shape (N, H, W, C)
    narrow : int16 or int32, shape (C/groups,)
        Scratch of a type that holds the sum of eight weights.
    output : uint8, shape (N, H', W', C')
    logits : int32, shape (N, 10)
    counters : int64, shape (len(COUNTERS),)
    """
    height, width = conv
    channels = mean.size
    positions = height * width
    rows = weights.shape[0]
    row = np.empty(positions * rows * shape.levels, np.uint32)
    start = np.empty(positions * shape.groups + 1, np.uint32)
    position = np.empty(positions * rows * shape.levels, np.uint32)
    begin = np.empty(rows + 1, np.uint32)
    fired = np.empty((positions, channels), np.uint8)
    response = np.empty((positions, channels), np.uint8)
    difference = np.empty(channels, np.int64)
    logit = np.empty(logits.shape[1], np.int64)
    error = np.empty(logits.shape[1], np.int64)
    for n in range(inputs.shape[0]):
        ones = kernels.list_active(inputs[n], shape, rows // shape.groups, height, width, row, start)
        taps = np.int64(start[start.size - 1])
        kernels.fire(weights, bias, pbits, shape, noise_table, row, start, narrow, fired, response)
        if shape.pool == 2:
            kernels.pool(fired.reshape(height, width, channels), response.reshape(height, width, channels), output[n])
        else:
            output[n] = fired.reshape(height, width, channels)
        kernels.judge(output[n], mean, scale, difference, logit)
        loss, best = kernels.class_error(logit, labels[n], error)
        for c in range(logit.size):
            logits[n, c] = logit[c]
        counters[0] += 1
        counters[1] += best == labels[n]
        counters[2] += loss
        counters[3] += taps
        if not learns:
            continue
        if shape.running:
            for j in range(channels):
                mean[j] += (difference[j] + (1 << (shape.momentum_shift - 1))) >> shape.momentum_shift
        activity[0] += ((ones << _ACTIVITY_BITS) - activity[0] + _HALF_ACTIVITY) >> _ACTIVITY_SHIFT
        if error[labels[n]] < gate:
            continue
        centre = (np.int64(activity[0]) * shape.reciprocal) >> _MEAN_SHIFT if shape.centre else 0
        kernels.transpose(row, start, shape.groups, rows, position, begin)
        counters[4] += 1
        counters[5] += taps
        counters[6] += kernels.learn(
            weights, bias, rounding, shape, position, begin, response, error, step_register, centre
        )


@njit(nogil=True, cache=True)
def run_head(weights, bias, rounding, step_register, gate, learns, weight_max, shift, inputs, labels, logits, counters):
    """`head.run` over N samples of one replica, after the head's pool.

    Parameters
    ----------
    weights : int32, shape (rows, 10)
    bias : int32, shape (10,)
    rounding : uint64, shape (1,)
    inputs : uint8, shape (N, rows)
    """
    classes = bias.size
    rows = np.empty(inputs.shape[1], np.int32)
    total = np.empty(classes, np.int64)
    error = np.empty(classes, np.int64)
    gain = np.empty(classes, np.int64)
    bias_shift = _GAIN_BITS - _BIAS_BITS
    for n in range(inputs.shape[0]):
        listed, taps = 0, 0
        for c in range(classes):
            total[c] = bias[c] >> _BIAS_BITS
        for i in range(inputs.shape[1]):
            value = np.int64(inputs[n, i])
            if value == 0:
                continue
            rows[listed] = i
            listed += 1
            taps += value
            for c in range(classes):
                total[c] += value * weights[i, c]
        for c in range(classes):
            total[c] = (total[c] * LOG2_E) >> shift
            logits[n, c] = total[c]
        loss, best = kernels.class_error(total, labels[n], error)
        counters[0] += 1
        counters[1] += best == labels[n]
        counters[2] += loss
        counters[3] += taps
        if not learns or error[labels[n]] < gate:
            continue
        counters[4] += 1
        counters[5] += taps
        for c in range(classes):
            gain[c] = (error[c] * step_register + (1 << (_STEP_BITS - 1))) >> _STEP_BITS
            change = (gain[c] + (1 << (bias_shift - 1))) >> bias_shift
            bias[c] = min(max(bias[c] + change, -_BIAS_MAX - 1), _BIAS_MAX)
        state = rounding[0]
        for k in range(listed):
            quarter = uint64(k % 4)
            if quarter == 0:
                state = kernels.step(state)
            dither = np.int64((state >> (quarter * _DRAW + _DITHER_SHIFT)) & _DITHER_MASK)
            value = np.int64(inputs[n, rows[k]])
            for c in range(classes):
                wanted = weights[rows[k], c] + ((value * gain[c] + dither) >> _GAIN_BITS)
                held = min(max(wanted, -weight_max - 1), weight_max)
                counters[6] += held != wanted
                weights[rows[k], c] = held
        rounding[0] = state
