"""Correlations, the Poisson-binomial distribution, and Pearson's chi-square.

The statistics need numpy only, p-values need scipy.
"""

import importlib
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bits = NDArray[np.uint8]


def autocorrelation(bits: NDArray[np.float32], lags: Sequence[int]) -> Floats:
    """Correlation of series of 0 and 1 with themselves later, along the last axis; shape (..., lags)."""
    mean = bits.mean(-1, dtype=np.float64)
    size = bits.shape[-1]
    joint = [np.einsum("...i,...i->...", bits[..., : size - g], bits[..., g:]) / (size - g) for g in lags]
    result: Floats = (np.stack(joint, -1) - mean[..., None] ** 2) / (mean - mean**2)[..., None]
    return result


def cross_correlation(chunks: Iterable[NDArray[np.float32]]) -> Floats:
    """Correlation of K p-bits, given as arrays of 0 and 1 of shape (n, K); shape (K, K).

    Ones are counted 16 at a time: exact, and no library's threads get in the way of a busy machine.
    """
    ones = np.unpackbits(np.arange(2**16, dtype=np.uint16)[:, None].view(np.uint8), axis=1).sum(1, dtype=np.uint8)
    upper: Any = 0
    size = 0
    for bits in chunks:
        packed = np.packbits(bits.T != 0, axis=1)
        packed = np.pad(packed, ((0, 0), (0, packed.shape[1] % 2)))
        packed = np.ascontiguousarray(packed).view(np.uint16)
        counts = [ones[row & packed[i:]].sum(1, dtype=np.int64) for i, row in enumerate(packed)]
        upper = upper + np.stack([np.pad(c, (len(packed) - len(c), 0)) for c in counts])
        size += len(bits)
    joint: Ints = upper + np.triu(upper, 1).T
    mean = np.diagonal(joint) / size
    scale = np.sqrt(mean - mean**2)
    result: Floats = (joint / size - np.outer(mean, mean)) / np.outer(scale, scale)
    return result


def triple_correlation(bits: NDArray[np.float32]) -> Floats:
    """Mean product of three standardised p-bits i < j < k, bits of shape (K, n); one value a triple."""
    mean = bits.mean(1, dtype=np.float64)
    pair = np.einsum("in,jn->ij", bits, bits) / bits.shape[1]
    scale = np.sqrt(mean - mean**2)
    result = []
    for i, j in itertools.combinations(range(len(bits) - 1), 2):
        k = np.arange(j + 1, len(bits))
        all_three = np.einsum("n,kn->k", bits[i] * bits[j], bits[j + 1 :]) / bits.shape[1]
        mixed = mean[i] * pair[j, k] + mean[j] * pair[i, k] + mean[k] * pair[i, j]
        result.append((all_three - mixed + 2 * mean[i] * mean[j] * mean[k]) / (scale[i] * scale[j] * scale[k]))
    return np.concatenate(result)


def poisson_binomial(probabilities: Iterable[float]) -> Floats:
    """Distribution of the number of successes of independent trials."""
    pmf = np.ones(1)
    for p in probabilities:
        pmf = np.convolve(pmf, [1 - p, p])
    return pmf


def chi_square(observed: NDArray[Any], expected: NDArray[Any]) -> float:
    """Pearson's statistic of counts against expected counts."""
    return float(((observed - expected) ** 2 / expected).sum())


def pooled(observed: NDArray[Any], expected: NDArray[Any], *, least: float = 10.0) -> tuple[Floats, Floats]:
    """Join neighbouring bins until each expects at least so many counts, as Pearson's statistic needs."""
    joined: list[list[float]] = []
    for pair in zip(observed.tolist(), expected.tolist(), strict=True):
        if joined and min(pair[1], joined[-1][1]) < least:
            joined[-1] = [a + b for a, b in zip(joined[-1], pair, strict=True)]
        else:
            joined.append(list(pair))
    return np.array(joined).T[0], np.array(joined).T[1]


def special() -> Any:
    """`scipy.special`, or a message that says what to install."""
    try:
        return importlib.import_module("scipy.special")
    except ModuleNotFoundError:
        raise ModuleNotFoundError("p-values need scipy, which is not installed: pip install 'bsff[dev]'") from None


def p_value(statistic: float, freedom: float) -> float:
    """Chance that a chi-square of so many degrees of freedom is at least this."""
    return float(special().gammaincc(freedom / 2, statistic / 2))
