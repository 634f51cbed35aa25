"""A tile of M p-bits: random bits against a pre-activation, and how much their count responds to it."""

import numpy as np

from bsff.contract.formats import DRAW_BITS, NOISE_BITS, NOISE_SCALE_BITS

from . import tables
from .arrays import Ints


def thresholds(tile: int, fraction_bits: int) -> Ints:
    """theta_m = m - 1/2 for m = 1..M (0 for M = 1), in units of ``2**-fraction_bits``; shape (M,)."""
    if tile == 1:
        return np.zeros(1, np.int64)
    return (2 * np.arange(1, tile + 1, dtype=np.int64) - 1) << (fraction_bits - 1)


def fire(preactivation: Ints, draws: Ints, fraction_bits: int, noise: int = 2**NOISE_SCALE_BITS) -> Ints:
    """One p-bit an element: 1 where ``preactivation + noise > 0``.

    Parameters
    ----------
    preactivation : array of int
        In units of ``2**-fraction_bits``, the threshold subtracted.
    draws : array of int, same shape
        16-bit draws; the upper `NOISE_BITS` choose the noise.
    noise : int
        Its scale s, in units of ``2**-NOISE_SCALE_BITS``.

    Returns
    -------
    array of int, same shape
        0 or 1, with P(1) = sigmoid(preactivation / s) to the resolution of the table.
    """
    drawn = tables.noise_table(fraction_bits, noise)[draws >> (DRAW_BITS - NOISE_BITS)]
    return (preactivation + drawn > 0).astype(np.int64)


def tile(
    preactivation: Ints,
    draws: Ints,
    *,
    size: int,
    fraction_bits: int,
    eligibility: str,
    boxcar: int,
    noise: int = 2**NOISE_SCALE_BITS,
) -> tuple[Ints, Ints]:
    """Fire a tile of p-bits for every unit.

    Parameters
    ----------
    preactivation : array of int, shape (...)
        In units of ``2**-fraction_bits``.
    draws : array of int, shape (..., draws of a unit)
        One draw a p-bit, with ``xor`` three, in the order of m: the first fires it, the others make its response.
    size : int
        M.
    eligibility : {"boxcar", "xor"}
        ``boxcar``: the number of m with ``abs(a - theta_m) < boxcar``. ``xor``: the number of m whose second and
        third draw fire differently, of mean ``sum_m 2 sigmoid'((a - theta_m) / s)``. Neither is the bit that fired: the
        pool chooses winners by that bit, so a response made of it would be biased by the choice.
    boxcar : int
        Half-width, in units of ``2**-fraction_bits``.
    noise : int
        Scale s of the noise, in units of ``2**-NOISE_SCALE_BITS``.

    Returns
    -------
    count, response : arrays of int, shape (...)
        n in 0..M and d in 0..M.
    """
    level = preactivation[..., None] - thresholds(size, fraction_bits)
    if eligibility == "xor":
        triples = draws.reshape(*level.shape, 3)
        bits, one, other = (fire(level, triples[..., i], fraction_bits, noise) for i in range(3))
        return bits.sum(-1), (one ^ other).sum(-1)
    bits = fire(level, draws.reshape(level.shape), fraction_bits, noise)
    return bits.sum(-1), ((level > -boxcar) & (level < boxcar)).sum(-1)
