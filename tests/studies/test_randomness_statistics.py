"""The statistics that judge the p-bits, against their definitions."""

import importlib
import itertools
import math
import re

import numpy as np
import pytest

from bsff.studies import randomness


def test_correlations_are_pearsons(rng):
    bits = (rng.random((3, 200_000)) < [[0.1], [0.5], [0.8]]).astype(np.float32)
    bits[1, 7:] = bits[0, :-7]
    expected = [[np.corrcoef(row[:-lag], row[lag:])[0, 1] for lag in (1, 7, 40)] for row in bits]
    assert np.allclose(randomness.autocorrelation(bits, (1, 7, 40)), expected, atol=1e-3)
    assert np.allclose(randomness.cross_correlation(np.split(bits.T, 4)), np.corrcoef(bits), atol=1e-6)
    x = (bits - bits.mean(1, keepdims=True)) / bits.std(1, keepdims=True)
    assert np.allclose(randomness.triple_correlation(bits), np.mean(x[0] * x[1] * x[2]), atol=1e-4)


def test_poisson_binomial():
    p = (0.1, 0.5, 0.7)
    expected = np.zeros(4)
    for outcome in itertools.product((0, 1), repeat=3):
        expected[sum(outcome)] += math.prod(q if hit else 1 - q for q, hit in zip(p, outcome, strict=True))
    assert np.allclose(randomness.poisson_binomial(p), expected)


def test_chi_square():
    assert randomness.chi_square(np.array([8, 12]), np.array([10, 10])) == pytest.approx(0.8)
    assert randomness.p_value(0.8, 1) == pytest.approx(math.erfc(math.sqrt(0.4)))


def test_pooled():
    """Rare bins at both ends and in the middle; nothing is lost."""
    observed, expected = randomness.pooled(np.array([1, 2, 30, 0, 40, 1]), np.array([0.5, 3, 29, 1, 40, 0.5]))
    assert observed.tolist() == [33, 41]
    assert expected.tolist() == [33.5, 40.5]
    assert randomness.pooled(np.array([8, 12]), np.array([10, 10]))[0].tolist() == [8, 12]


def test_scipy_is_asked_for(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    message = "p-values need scipy, which is not installed: pip install 'bsff[dev]'"
    with pytest.raises(ModuleNotFoundError, match=f"^{re.escape(message)}$"):
        randomness.p_value(1, 1)
