"""Goodness of a layer: firing counts of the class groups, less their running means."""

from bsff.contract.formats import KEPT_BITS, MEAN_BITS, SCALE_BITS

from .arrays import Ints


def centred(count: Ints, mean: Ints) -> Ints:
    """Counts less their running means: shape (..., C) each, the result in units of ``2**-MEAN_BITS``."""
    return (count << MEAN_BITS) - mean


def logits(difference: Ints, scale: int, classes: int) -> Ints:
    """Logits of the classes to the base two.

    Parameters
    ----------
    difference : array of int, shape (..., C)
        From `centred`; class c of K owns channels ``c*C/K .. (c+1)*C/K - 1``.
    scale : int
        ``T * log2(e) / p-bits of a class``, see `bsff.contract.numerics.goodness_scale`.

    Returns
    -------
    array of int, shape (..., classes)
        ``T * g * log2(e)`` in units of ``2**-LOGIT_BITS``, rounded down.
    """
    grouped = difference.reshape(*difference.shape[:-1], classes, -1).sum(-1)
    return ((grouped >> (MEAN_BITS - KEPT_BITS)) * scale) >> SCALE_BITS


def average(mean: Ints, difference: Ints, shift: int) -> Ints:
    """The running mean after a sample: it moves by ``difference / 2**shift``, rounded half up."""
    return mean + ((difference + (1 << (shift - 1))) >> shift)
