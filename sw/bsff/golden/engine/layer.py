"""A layer over a block of samples: `golden.layer.run`, compiled."""

import numpy as np
from numba import njit

from bsff.contract.formats import ACTIVITY_BITS, ACTIVITY_SHIFT

from .active import list_active, transpose
from .fire import fire, pool, pool_row
from .judge import class_error, judge
from .learn import half_up, learn


@njit(nogil=True, cache=True)
def run_layer(shape, own, inputs, labels, output, logits, counters):
    """`layer.run` over N samples.

    Parameters
    ----------
    shape : LayerShape
    own : LayerViews
    inputs : uint8, shape (N, H, W, C)
    labels : uint8, shape (N,)
    output : uint8, shape (N, H', W', C')
    logits : int32, shape (N, classes)
    counters : int64, shape (len(COUNTERS),)
    """
    weights, mean = own.weights, own.mean
    height, width = shape.height, shape.width
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
        ones = list_active(inputs[n], shape, rows // shape.groups, row, start)
        taps = np.int64(start[start.size - 1])
        fire(shape, own, row, start, fired, response)
        if shape.pool == 4:
            pool(fired.reshape(height, width, channels), response.reshape(height, width, channels), output[n])
        elif shape.pool == 2:
            pool_row(fired, response, output[n, 0])
        else:
            output[n] = fired.reshape(height, width, channels)
        judge(output[n], mean, own.scale, difference, logit)
        loss, best = class_error(logit, labels[n], error)
        for c in range(logit.size):
            logits[n, c] = logit[c]
        counters[0] += 1
        counters[1] += best == labels[n]
        counters[2] += loss
        counters[3] += taps
        if not own.learn:
            continue
        if shape.running:
            for j in range(channels):
                mean[j] += half_up(difference[j], shape.momentum_shift)
        own.activity[0] += half_up((ones << ACTIVITY_BITS) - own.activity[0], ACTIVITY_SHIFT)
        if error[labels[n]] < own.gate:
            continue
        centre = (np.int64(own.activity[0]) * shape.reciprocal) >> (2 * ACTIVITY_BITS) if shape.centre else 0
        transpose(row, start, shape.groups, rows, position, begin)
        counters[4] += 1
        counters[5] += taps
        counters[6] += learn(shape, own, position, begin, output[n], response, error, centre)
