"""Features to 8 bits: each rule against a definition in words, and what is refused."""

from fractions import Fraction

import numpy as np
import pytest
from seeds import rng_for

from bsff.data import Scaling
from bsff.data.scaling import RULES
from bsff.errors import DataError


def exact(x, low, high):
    """The linear rule in whole fractions; None where rounding may fall either way."""
    if high == low:
        return 0
    y = Fraction(255) * (Fraction(x) - Fraction(low)) / (Fraction(high) - Fraction(low)) + Fraction(1, 2)
    near = abs(y - round(y)) < Fraction(1, 10**9)
    return None if near else min(255, max(0, y.__floor__()))


@pytest.mark.parametrize("rule", ["minmax", "common"])
def test_linear_rules_against_fractions(seed, rule):
    rng = rng_for("scaling", seed)
    fitted = rng.normal(scale=[1, 1e-6, 1e9], size=(50, 3))
    scaling = Scaling.fit(fitted, rule)
    values = np.concatenate([fitted, rng.normal(scale=[2, 2e-6, 2e9], size=(50, 3))])
    result = scaling.apply(values)
    assert result.dtype == np.uint8
    lows, highs = (f(axis=0) if rule == "minmax" else [f()] * 3 for f in (fitted.min, fitted.max))
    checked = 0
    for row, coded in zip(values, result, strict=True):
        for x, y, low, high in zip(row, coded, lows, highs, strict=True):
            expected = exact(min(max(x, low), high), low, high)
            checked += expected is not None
            assert expected is None or y == expected
    assert checked > 280


def test_bytes_and_unit_floats_come_back():
    levels = np.arange(256).reshape(-1, 1)
    for values in (levels, levels / 255, (levels / 255).astype(np.float32), levels * 2.0 - 7):
        assert Scaling.fit(values, "common").apply(values).ravel().tolist() == list(range(256))


def test_quantiles_are_ranks():
    values = np.exp(np.arange(256.0)).reshape(-1, 1)  # however unevenly they lie
    scaling = Scaling.fit(values, "quantiles")
    assert scaling.apply(values).ravel().tolist() == list(range(256))
    between = np.array([[-1.0], [np.exp(7.5)], [np.inf]])[:2]
    assert scaling.apply(between).ravel().tolist() == [0, 7]
    assert scaling.apply(np.array([[1e300]])).tolist() == [[255]]
    two = np.array([[0.0], [1.0]] * 20)
    assert Scaling.fit(two, "quantiles").apply(two).ravel().tolist() == [0, 255] * 20
    three = np.array([[0.0], [1.0], [2.0]] * 20)
    assert set(Scaling.fit(three, "quantiles").apply(three).ravel().tolist()) == {0, 127, 255}


def test_quantiles_of_many_are_spread_evenly(seed):
    values = rng_for("quantiles", seed).normal(size=(10_000, 2)) ** 3
    codes = Scaling.fit(values, "quantiles").apply(values)
    for feature in range(2):
        counts = np.bincount(codes[:, feature], minlength=256)
        assert counts[1:255].min() >= 38  # 39.2 each
        assert counts.max() <= 41


@pytest.mark.parametrize("rule", RULES)
def test_a_constant_feature_becomes_zero(rule):
    fitted = np.full((4, 2), 7.0)
    assert (Scaling.fit(fitted, rule).apply(np.array([[7.0, 7.0], [1.0, 9.0]])) == 0).all()


@pytest.mark.parametrize("rule", RULES)
def test_signals_keep_their_shape_and_parts_do_not_show(rule, seed, monkeypatch):
    values = rng_for("signals", seed).normal(size=(30, 5, 2))
    scaling = Scaling.fit(values, rule)
    whole = scaling.apply(values)
    assert whole.shape == values.shape
    monkeypatch.setattr("bsff.data.scaling.CHUNK", 25)
    assert np.array_equal(Scaling.fit(values, rule).apply(values), whole)
    if rule == "common":
        assert (whole.min(), whole.max()) == (0, 255)
        assert whole.reshape(30, -1).max(axis=0).min() < 255


@pytest.mark.parametrize("rule", RULES)
def test_kept_with_a_model(rule, seed, tmp_path):
    values = rng_for("kept", seed).normal(size=(30, 4))
    scaling = Scaling.fit(values, rule)
    np.savez(tmp_path / "model.npz", weights=np.zeros(3), **scaling.to_arrays())
    with np.load(tmp_path / "model.npz", allow_pickle=False) as kept:
        again = Scaling.from_arrays(kept)
    assert (again.rule, again.shape) == (rule, (4,))
    assert np.array_equal(again.edges, scaling.edges)
    assert np.array_equal(again.apply(values), scaling.apply(values))


def test_what_was_kept_is_checked():
    arrays = Scaling.fit(np.eye(3), "minmax").to_arrays()
    for change, text in [
        ({"scaling_rule": np.array("best")}, 'scaling = "best": expected one of minmax, quantiles, common'),
        ({"scaling_shape": np.array([4])}, r"edges are float64 \(2, 3\), expected float64 \(2, 4\)"),
        ({"scaling_edges": arrays["scaling_edges"].astype(np.float32)}, "edges are float32"),
        ({"scaling_edges": arrays["scaling_edges"][::-1]}, "its edges are not rising numbers"),
        ({"scaling_edges": arrays["scaling_edges"] * np.nan}, "its edges are not rising numbers"),
        ({"scaling_shape": np.array(3)}, "not what was kept with the model"),
    ]:
        with pytest.raises(DataError, match=text):
            Scaling.from_arrays({**arrays, **change})
    with pytest.raises(DataError, match=r"not what was kept with the model \(KeyError"):
        Scaling.from_arrays({})


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_no_number_is_named(wrong, monkeypatch):
    monkeypatch.setattr("bsff.data.scaling.CHUNK", 24)  # four samples at a time
    values = np.zeros((10, 3, 2))
    values[7, 2, 1] = wrong
    with pytest.raises(DataError, match=rf"sample 7, feature 2, 1: {wrong}, expected a finite number"):
        Scaling.fit(values, "common")
    with pytest.raises(DataError, match=rf"sample 7, feature 2, 1: {wrong}, expected a finite number"):
        Scaling.fit(np.zeros((2, 3, 2)), "common").apply(values)


@pytest.mark.parametrize(
    ("values", "rule", "text"),
    [
        (np.zeros((0, 3)), "minmax", r"values are \(0, 3\), expected"),
        (np.zeros(3), "minmax", r"values are \(3,\), expected"),
        (np.array([["a"]]), "minmax", "values are <U1, expected real numbers"),
        (np.zeros((2, 2), complex), "minmax", "values are complex128, expected real"),
        (np.zeros((2, 2)), "median", 'scaling = "median": expected one of minmax'),
        (np.array([[-1e308], [1e308]]), "minmax", "a range that double precision cannot hold"),
    ],
)
def test_fit_refuses(values, rule, text):
    with pytest.raises(DataError, match=text):
        Scaling.fit(values, rule)


def test_apply_refuses_another_shape():
    with pytest.raises(DataError, match=r"samples of \(4,\), expected \(3,\), the shape of those"):
        Scaling.fit(np.eye(3), "minmax").apply(np.eye(4))
