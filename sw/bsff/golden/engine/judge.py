"""Goodness, softmax and loss of one sample."""

import numpy as np
from numba import njit

from bsff.contract.formats import ERROR_BITS, EXP_BITS, EXP_ONE, KEPT_BITS, MEAN_BITS, SCALE_BITS
from bsff.golden.tables import exp2_table, log2_table

_EXP2 = exp2_table()
_LOG2 = log2_table()
_EXP_MASK = 2**EXP_BITS - 1


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
            difference[j] = (np.int64(tally[j]) << MEAN_BITS) - mean[j]
            total += difference[j]
        logits[c] = ((total >> (MEAN_BITS - KEPT_BITS)) * scale) >> SCALE_BITS


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
        whole = below >> EXP_BITS
        power[c] = 0 if whole > EXP_ONE else _EXP2[below & _EXP_MASK] >> whole
        total += power[c]
    for c in range(logits.size):
        error[c] = -((power[c] << ERROR_BITS) // total)
    error[label] += 1 << ERROR_BITS
    lead = 0
    while total >> (lead + EXP_ONE + 1) > 0:
        lead += 1
    mantissa = (total >> (lead + EXP_ONE - EXP_BITS)) & _EXP_MASK
    return logits[best] - logits[label] + (lead << EXP_BITS) + _LOG2[mantissa], best
