"""Softmax, class error and cross-entropy in integers."""

import numpy as np

from bsff.contract.formats import ERROR_BITS, EXP_BITS, EXP_ONE, LABEL_WIDTH

from .arrays import Ints
from .tables import exp2_table, log2_table


def powers(logits: Ints) -> Ints:
    """``2**(z - max z)`` of logits to the base two: (..., classes), in units of ``2**-EXP_ONE``, rounded down.

    A shift by the whole part of a power from the table; 0 once the whole part exceeds `EXP_ONE`.
    """
    below = logits.max(-1, keepdims=True) - logits
    whole = below >> EXP_BITS
    power = exp2_table()[below & (2**EXP_BITS - 1)] >> np.minimum(whole, EXP_ONE + 1)
    return np.where(whole > EXP_ONE, 0, power)


def class_error(logits: Ints, labels: Ints | int) -> Ints:
    """``e[c] = 1[c = y] - softmax(z)[c]``.

    Parameters
    ----------
    logits : array of int, shape (..., classes)
        To the base two, in units of ``2**-LOGIT_BITS``.
    labels : array of int, shape (...)

    Returns
    -------
    array of int, shape (..., classes)
        In units of ``2**-ERROR_BITS``; the probabilities are rounded down. The error of the label is never smaller
        in size than another, so the gate looks at it alone.
    """
    power = powers(logits)
    probability = (power << ERROR_BITS) // power.sum(-1, keepdims=True)
    return (np.arange(logits.shape[-1]) == np.asarray(labels)[..., None]) * 2**ERROR_BITS - probability


def cross_entropy(logits: Ints, labels: Ints | int) -> Ints:
    """``-log2 softmax(z)[y]`` in units of ``2**-LOGIT_BITS`` bits: arguments as `class_error`, result of shape (...)."""
    total = powers(logits).sum(-1)
    lead = sum((total >> (EXP_ONE + 1 + i) > 0).astype(np.int64) for i in range(LABEL_WIDTH))
    mantissa = (total >> (lead + EXP_ONE - EXP_BITS)) & (2**EXP_BITS - 1)
    own = np.take_along_axis(logits, np.asarray(labels)[..., None], -1)[..., 0]
    return logits.max(-1) - own + (lead << EXP_BITS) + log2_table()[mantissa]
