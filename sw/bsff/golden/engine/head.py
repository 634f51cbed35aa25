"""The head over a block of samples: `golden.head.run`, compiled."""

import numpy as np
from numba import njit

from bsff.contract.formats import BIAS_BITS, DRAWS, GAIN_BITS, LOG2_E

from .draws import dither, step
from .judge import class_error
from .learn import bias_step, gain_of, hold_bias


@njit(nogil=True, cache=True)
def run_head(own, inputs, labels, logits, counters):
    """`head.run` over N samples, after the head's pool.

    Parameters
    ----------
    own : HeadViews
    inputs : uint8, shape (N, rows)
    labels : uint8, shape (N,)
    logits : int32, shape (N, classes)
    counters : int64, shape (len(COUNTERS),)
    """
    weights, bias, weight_max = own.weights, own.bias, own.weight_max
    classes = bias.size
    rows = np.empty(inputs.shape[1], np.int32)
    total = np.empty(classes, np.int64)
    error = np.empty(classes, np.int64)
    gain = np.empty(classes, np.int64)
    for n in range(inputs.shape[0]):
        listed, taps = 0, 0
        for c in range(classes):
            total[c] = bias[c] >> BIAS_BITS
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
            total[c] = (total[c] * LOG2_E) >> own.shift
            logits[n, c] = total[c]
        loss, best = class_error(total, labels[n], error)
        counters[0] += 1
        counters[1] += best == labels[n]
        counters[2] += loss
        counters[3] += taps
        if not own.learn or error[labels[n]] < own.gate:
            continue
        counters[4] += 1
        counters[5] += taps
        for c in range(classes):
            gain[c] = gain_of(error[c], own.step)
            bias[c] = hold_bias(bias[c] + bias_step(gain[c]))
        state = own.rounding[0]
        for k in range(listed):
            if k % DRAWS == 0:
                state = step(state)
            noise = dither(state, k % DRAWS)
            value = np.int64(inputs[n, rows[k]])
            for c in range(classes):
                wanted = weights[rows[k], c] + ((value * gain[c] + noise) >> GAIN_BITS)
                held = min(max(wanted, -weight_max - 1), weight_max)
                counters[6] += held != wanted
                weights[rows[k], c] = held
        own.rounding[0] = state
