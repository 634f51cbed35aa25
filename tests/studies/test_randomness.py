"""The p-bits are random enough: the acceptance tests of the noise, and for each a fault that it finds.

False alarms: a correlation of half a million values reaches the limit of 0.01 at 7.2 standard deviations, so with
60,000 of them by chance in one of 30 million seeds. p-values are held to `ALPHA` over all of a test's, so that each
test fails by chance with one of ten thousand seeds. The NIST tests are in test_sp800_22.py.
"""

import math
from pathlib import Path

import numpy as np
import pytest
from randomness_helpers import ALPHA, fair, measured, shift_register

from bsff.config import parse
from bsff.contract import formats
from bsff.contract.geometry import geometry
from bsff.golden import layer, lfsr, pbit, tables
from bsff.golden.state import blank
from bsff.studies import randomness
from bsff.studies.randomness import __main__ as command

LIMIT = 0.01
FRACTION = randomness.FRACTION_BITS
PAGE = Path(__file__).parents[2] / "docs" / "results" / "randomness.md"


@pytest.mark.parametrize("fraction_bits", range(2, 13))
def test_firing_probability(fraction_bits):
    """Over every pre-activation: antisymmetric table, monotone probability, within the bound that the table states."""
    table = tables.noise_table(fraction_bits)
    assert np.array_equal(table, -table[::-1])
    assert (np.diff(table) >= 0).all()
    a = np.arange(-16 << fraction_bits, (16 << fraction_bits) + 1)
    p = randomness.firing_probability(a, fraction_bits)
    assert (np.diff(p) >= 0).all()
    assert (p[0], p[-1]) == (0, 1)
    sigmoid = 1 / (1 + np.exp(-a / 2**fraction_bits))
    half_below = 1 / (1 + np.exp(-(a - 0.5) / 2**fraction_bits))
    assert np.abs(p - half_below).max() <= 2.0**-11
    assert np.abs(p - sigmoid).max() <= 2.0**-11 + 2.0 ** -(fraction_bits + 3)


def test_firing_probability_is_what_fires():
    """Every entry of the table against pre-activations over its range."""
    a = np.arange(-2000, 2001, 7)
    every = np.arange(2**formats.NOISE_BITS) << formats.DRAW_BITS - formats.NOISE_BITS
    fired = pbit.fire(a[:, None], every[None], FRACTION).mean(1)
    assert np.array_equal(fired, randomness.firing_probability(a))


def test_measured_rate_is_the_sigmoid(seed):
    draws = lfsr.slices(randomness.stream(lfsr.seed_state(seed, 20), 2**18))
    for p in randomness.PROBABILITIES:
        rate = randomness.fire(draws, p).mean(dtype=np.float64)
        assert abs(rate - p) < 2.0**-11 + 2.0 ** -(FRACTION + 3) + 6 * math.sqrt(p * (1 - p) / draws.size)


def test_a_biased_table_is_found(seed, monkeypatch):
    """A table shifted by 1/32: the rate, the counts of a tile and the bound all see it."""
    true = randomness.firing_probability(np.zeros(1, np.int64))
    table = tables.noise_table(FRACTION) + 8
    monkeypatch.setattr(tables, "noise_table", lambda *_: table)
    assert abs(randomness.firing_probability(np.zeros(1, np.int64)) - true) > 2.0**-11 + 2.0 ** -(FRACTION + 3)
    counts = randomness.tile_counts(lfsr.seed_state(seed, 21), 3, 0)
    monkeypatch.undo()
    levels = -pbit.thresholds(3, FRACTION)
    expected = counts.sum() * randomness.poisson_binomial(randomness.firing_probability(levels))
    assert randomness.p_value(randomness.chi_square(counts, expected), 3) < 1e-20


def test_streams_are_those_of_a_layer():
    """30 draws a position: eight words, two draws of which are never used."""
    config = parse({"data": {"dataset": "digits"}, "layer": [{"channels": 10, "tile": 3, "kernel": 3, "padding": 1}]})
    shape = geometry(config).layers[0]
    state = blank(geometry(config)).layers[0]
    state.pbits[...] = lfsr.seed_state(4)
    output, _, _ = layer.forward(shape, state, np.zeros(shape.inputs, np.int64))
    draws = np.concatenate(list(randomness.positions(lfsr.seed_state(4), 64, 30)))
    bits = pbit.fire(-pbit.thresholds(3, FRACTION), draws.reshape(64, 10, 3), FRACTION)
    assert np.array_equal(output.reshape(64, 10), bits.sum(-1))
    assert int(state.pbits) == lfsr.jump(lfsr.seed_state(4), 64 * 8)


@pytest.mark.long
def test_correlations(seed):
    """In one stream, of one unit, in a tile, a position, between streams, of three; at every probability and lag."""
    correlations = measured(seed).correlations
    assert len(correlations) == 21
    found = [f"{c.what}: {max(c.worst):.4f}" for c in correlations if max(c.worst) >= LIMIT]
    assert not found, "\n".join(found)


@pytest.mark.long
def test_tile_counts(seed):
    p = {(m, at): value for m, row in measured(seed).tiles.items() for at, value in enumerate(row)}
    assert len(p) == 16
    assert min(p.values()) > ALPHA / len(p), p


def test_xor_responses(seed):
    """Their number against the exact distribution: two draws differ with 2 p (1 - p)."""
    draws = np.concatenate(list(randomness.positions(lfsr.seed_state(seed, 22), 2**14, 90)))
    a = np.full((2**14, 10), 300)
    n, d = pbit.tile(a, draws.reshape(*a.shape, 9), size=3, fraction_bits=FRACTION, eligibility="xor", boxcar=1)
    p = randomness.firing_probability(300 - pbit.thresholds(3, FRACTION))
    both = np.outer(randomness.poisson_binomial(p), randomness.poisson_binomial(2 * p * (1 - p))).reshape(-1)
    counts = np.bincount((4 * n + d).reshape(-1), minlength=16)  # count and response are independent too
    assert randomness.p_value(randomness.chi_square(counts, a.size * both), 15) > ALPHA


def test_one_shift_a_draw_is_found(seed):
    """The known fault: a window over a register that shifts once a draw. At one half it cannot be seen."""
    bits = shift_register(lfsr.seed_state(seed, 23), 2**19 + 15)
    draws = np.zeros(2**19, np.int64)
    for i in range(16):
        draws += bits[i : i + 2**19].astype(np.int64) << i
    found = {p: randomness.autocorrelation(randomness.fire(draws, p), randomness.LAGS) for p in (0.1, 0.25, 0.5)}
    assert 0.3 < found[0.1][0] < 0.5
    assert 0.3 < found[0.25][0] < 0.5
    assert np.abs(found[0.5]).max() < LIMIT


def test_a_draw_shared_by_a_tile_is_found(seed):
    units = np.concatenate(list(randomness.positions(lfsr.seed_state(seed, 24), 2**15, 1)))
    shared = np.repeat(units, 3, 1)
    for p in randomness.PROBABILITIES:
        assert randomness.cross_correlation([randomness.fire(shared, p)]).min() > 0.99
    theta = pbit.thresholds(3, FRACTION)
    a = np.full(len(shared), int(theta[1]))
    n, _ = pbit.tile(a, shared, size=3, fraction_bits=FRACTION, eligibility="boxcar", boxcar=1)
    expected = len(n) * randomness.poisson_binomial(randomness.firing_probability(a[0] - theta))
    assert randomness.p_value(randomness.chi_square(np.bincount(n, minlength=4), expected), 3) < 1e-20


def test_two_layers_of_one_seed_are_found(seed):
    """Two of 40 streams alike, one of them a word late."""
    words = np.stack([randomness.stream(lfsr.seed_state(seed, 25, i), 2**13) for i in range(39)], 1)
    words = np.concatenate([words, np.roll(words[:, :1], 1, 0)], 1)
    streams = lfsr.slices(words[..., None]).transpose(0, 2, 1).reshape(-1, 40)
    late = np.roll(streams[:, -1], -formats.DRAWS)
    off = ~np.eye(40, dtype=bool)
    for p in randomness.PROBABILITIES:
        assert np.abs(randomness.cross_correlation([randomness.fire(streams, p)])[off]).max() < 6 / 2**7.5
        aligned = np.concatenate([streams[:, :-1], late[:, None]], 1)
        assert randomness.cross_correlation([randomness.fire(aligned, p)])[0, -1] > 0.99


def test_a_relation_of_three_is_found(seed):
    """x, y and x xor y: independent in pairs, and not in threes."""
    x, y = fair(seed, (2, 2**17)).astype(np.float32)
    bits = np.stack([x, y, np.abs(x - y)])
    assert np.abs(randomness.cross_correlation([bits.T])[np.triu_indices(3, 1)]).max() < 0.02
    assert np.abs(randomness.triple_correlation(bits)).max() > 0.98


@pytest.mark.slow
def test_the_page_is_what_the_command_prints(seed, monkeypatch, capsys):
    if seed != 1:
        pytest.skip("the page is of seed 1")
    monkeypatch.setattr(command, "measure", measured)
    command.main([])
    again = "run `python -m bsff.studies.randomness > docs/results/randomness.md`"
    assert capsys.readouterr().out == PAGE.read_text(encoding="utf-8"), again
