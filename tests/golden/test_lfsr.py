"""The generator's algebra: period, jumps, slots, seeds, and what its linearity costs the p-bits.

Everything here is exact or exhaustive; the statistics are in test_randomness.py.
"""

import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bsff.contract import formats
from bsff.golden import lfsr
from bsff.studies import randomness
from bsff.studies.randomness import sp800_22

PERIOD = 2**64 - 1
PRIMES = (3, 5, 17, 257, 641, 65537, 6700417)
STATES = st.integers(0, PERIOD)
INDEX_BITS = range(formats.DRAW_BITS - formats.NOISE_BITS, formats.DRAW_BITS)
SAMPLE = 28 * 28 * 30
"""Words of one sample of a layer of 28x28 positions, 40 channels, M = 3."""


def xorshift(x):
    """Marsaglia's step in plain integers."""
    x ^= x << 13 & PERIOD
    x ^= x >> 7
    return x ^ x << 17 & PERIOD


# Steps, jumps, period -------------------------------------------------------------------------------------------


@given(STATES)
def test_step_is_the_xorshift(state):
    assert int(lfsr.step(np.array([state], np.uint64))[0]) == xorshift(state)


@given(STATES, STATES)
def test_step_is_linear(a, b):
    assert xorshift(a ^ b) == xorshift(a) ^ xorshift(b)


def test_period_is_full():
    """The step matrix to the power 2**64 - 1 is the identity, to that divided by any of its primes it is not."""
    assert math.prod(PRIMES) == PERIOD
    assert all(p % q for p in PRIMES for q in range(2, math.isqrt(p) + 1))
    units = [1 << i for i in range(formats.GENERATOR_WIDTH)]
    assert [lfsr.jump(u, PERIOD) for u in units] == units
    for prime in PRIMES:
        assert [lfsr.jump(u, PERIOD // prime) for u in units] != units, prime


def test_other_shifts_have_a_shorter_period(monkeypatch):
    """The check above can fail: (13, 7, 18) is no full-period triple."""
    monkeypatch.setattr(lfsr, "_SHIFTS", tuple(map(np.uint64, (13, 7, 18))))
    lfsr._power_of_two.cache_clear()
    try:
        units = [1 << i for i in range(formats.GENERATOR_WIDTH)]
        assert [lfsr.jump(u, PERIOD) for u in units] != units
    finally:
        lfsr._power_of_two.cache_clear()


@given(STATES, st.integers(0, 300))
def test_jump_equals_steps(state, steps):
    expected = state
    for _ in range(steps):
        expected = xorshift(expected)
    assert lfsr.jump(state, steps) == expected


@given(STATES, st.integers(0, PERIOD), st.integers(0, PERIOD))
@settings(max_examples=25)
def test_jumps_add_up(state, a, b):
    assert lfsr.jump(lfsr.jump(state, a), b) == lfsr.jump(state, a + b)


@given(STATES)
@settings(max_examples=25)
def test_a_jump_by_the_period_is_no_jump(state):
    assert lfsr.jump(state, PERIOD) == state
    assert lfsr.jump(lfsr.jump(state, 1), PERIOD - 1) == state


def test_jump_back_is_refused():
    message = "steps = -1: expected 0 or more; the period is 2**64 - 1, jump that less to go back"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        lfsr.jump(1, -1)


@given(st.lists(STATES, min_size=1, max_size=4), st.integers(0, 20))
def test_advance(states, count):
    last, words = lfsr.advance(np.array(states, np.uint64), count)
    assert words.shape == (len(states), count)
    assert words.dtype == last.dtype == np.uint64
    for i, state in enumerate(states):
        assert [int(w) for w in words[i]] == [lfsr.jump(state, n + 1) for n in range(count)]
        assert int(last[i]) == lfsr.jump(state, count)


# Slots ----------------------------------------------------------------------------------------------------------


def test_slices_are_least_significant_first():
    words = np.array([[0x0004_0003_0002_0001, 0xFFFF_8000_7FFF_0000]], np.uint64)
    assert lfsr.slices(words).tolist() == [[1, 2, 3, 4, 0, 0x7FFF, 0x8000, 0xFFFF]]
    assert lfsr.slices(np.zeros((2, 3, 5), np.uint64)).shape == (2, 3, 20)


@given(st.integers(0, 10_000))
def test_steps_for_is_the_fewest(draws):
    steps = lfsr.steps_for(draws)
    assert steps * formats.DRAWS >= draws > (steps - 1) * formats.DRAWS


def test_slots_do_not_depend_on_how_the_stream_is_walked():
    """Draw q of a stream is the same whether one steps there, jumps there, or starts many generators on the way."""
    state = lfsr.seed_state(7)
    words = lfsr.advance(np.array([state], np.uint64), 3000)[1][0]
    assert np.array_equal(randomness.stream(state, 3000), words)
    assert randomness.starts(state, 30, 100).tolist() == [lfsr.jump(state, 30 * n) for n in range(100)]
    draws = np.concatenate(list(randomness.positions(state, 100, 117, chunk=7)))
    assert np.array_equal(draws, lfsr.slices(words).reshape(100, 120)[:, :117])


# Seeds ----------------------------------------------------------------------------------------------------------


def test_seeds_differ_and_are_dense():
    """200,000 seeds as the host makes them: all different, ones as of fair coins, never a sparse state."""
    seeds = np.array(
        [lfsr.seed_state(seed, replica, part) for seed in range(50) for replica in range(200) for part in range(20)],
        np.uint64,
    )
    assert len(np.unique(seeds)) == len(seeds)
    ones = np.unpackbits(seeds[:, None].view(np.uint8), axis=1).sum(1)
    assert ones.min() >= 10  # fair coins give less with a chance of 4e-4, fewer than two ones with 7e-13
    low, high = 20, 44
    shares = np.array([math.comb(64, k) for k in range(65)]) / 2**64
    shares = np.array([shares[: low + 1].sum(), *shares[low + 1 : high], shares[high:].sum()])
    counts = np.bincount(np.clip(ones, low, high) - low)
    assert randomness.p_value(randomness.chi_square(counts, len(seeds) * shares), len(shares) - 1) > 1e-6


def test_every_seed_number_matters():
    base = lfsr.seed_state(1, 2, 3)
    assert (
        len(
            {
                base,
                lfsr.seed_state(2, 1, 3),
                lfsr.seed_state(1, 3, 2),
                lfsr.seed_state(1, 2),
                lfsr.seed_state(0, 1),
                lfsr.seed_state(1),
                lfsr.seed_state(1, 2, 3, 0),
            }
        )
        == 7
    )
    assert lfsr.seed_state() != 0
    for i in range(3):
        flips = [
            bin(base ^ lfsr.seed_state(*(n ^ (1 << b if k == i else 0) for k, n in enumerate((1, 2, 3))))).count("1")
            for b in range(32)
        ]
        assert 28 < np.mean(flips) < 36  # sd of the mean 0.7
        assert min(flips) > 8


# Sparse states --------------------------------------------------------------------------------------------------


def test_recovery_from_a_single_one():
    """The bit balance is normal after a dozen steps: three positions of the smallest layer, not a sample."""
    mean, single = randomness.recovery()
    assert 0 < single <= 12
    assert 0 < mean <= 12


# What linearity costs -------------------------------------------------------------------------------------------


def functionals(words, bits):
    """Bits of the next `words` words as masks of the state before: the rows of the powers of the step matrix.

    Returns
    -------
    array of uint64, shape (words, draws of a word, bits)
    """
    row = np.array([[1 << (formats.DRAW_BITS * d + b) for b in bits] for d in range(formats.DRAWS)], np.uint64)
    left, right, last = (np.uint64(s) for s in formats.SHIFTS)
    rows = np.empty((words, *row.shape), np.uint64)
    for n in range(words):  # the transposed step: shifts the other way, in the other order
        rows[n] = row
        row = row ^ (row >> last)
        row = row ^ (row << right)
        row = row ^ (row >> left)
    return rows


def independent(masks):
    """Whether no XOR of some of the masks is 0; shape (..., masks) to (...)."""
    masks = masks.copy()
    result = np.ones(masks.shape[:-1], bool)
    for i in range(masks.shape[-1]):
        pivot = masks[..., i, None]
        result &= pivot[..., 0] != 0
        rest = masks[..., i + 1 :]
        rest ^= np.where(rest & (pivot & (~pivot + np.uint64(1))), pivot, np.uint64(0))
    return result


def dependent_pairs(words, bits):
    """All (distance in words, draw of the first, draw of the second) whose bits are not jointly uniform."""
    rows = functionals(words, bits)
    found = []
    for first in range(formats.DRAWS):
        own = np.bitwise_or.reduce(rows[0, first])
        found += [(int(n) + 1, first, int(second)) for n, second in np.argwhere(~independent(rows[1:] & ~own))]
    return sorted(found)


def dependent_triples(words):
    """The same for three draws, as (word, draw) each, the first of word 0."""
    rows = functionals(words, INDEX_BITS)
    slots = list(itertools.product(range(words), range(formats.DRAWS)))
    found = []
    for first in range(formats.DRAWS):
        others = np.array([p for p in itertools.combinations(slots[first + 1 :], 2) if p[1][0] > 0])
        masks = np.concatenate([rows[others[:, i, 0], others[:, i, 1]] for i in range(2)], 1)
        bad = ~independent(masks & ~np.bitwise_or.reduce(rows[0, first]))
        found += [((0, first), *map(tuple, other)) for other in others[bad].tolist()]
    return sorted(found)


def relations(draws):
    """All XORs of index bits of each of the draws that are 0, as masks of the indices; shape (relations, draws)."""
    rows = functionals(max(word for word, _ in draws) + 1, INDEX_BITS)
    reduced, zero = {}, [0]
    for i, value in enumerate(int(v) for word, draw in draws for v in rows[word, draw]):
        used = 1 << i
        while value and (known := reduced.get(value.bit_length())):
            value, used = value ^ known[0], used ^ known[1]
        if value:
            reduced[value.bit_length()] = value, used
        else:
            zero += [z ^ used for z in zero]
    size = formats.NOISE_BITS
    masks = np.array([[z >> size * k & (1 << size) - 1 for k in range(len(draws))] for z in zero])
    return masks[masks.all(1)]


def spectra():
    """Correlation of a p-bit with the XOR of index bits; shape (p-bits: firing from index 1, 2, ..., masks)."""
    signs = np.ones((1, 1))
    for _ in range(formats.NOISE_BITS):
        signs = np.block([[signs, signs], [signs, -signs]])
    size = len(signs)
    fires = (np.arange(size) >= np.arange(1, size)[:, None]).astype(float)
    mean = fires.mean(1, keepdims=True)
    return (fires - mean) @ signs / size / np.sqrt(mean - mean**2)


def test_functionals_are_the_bits_of_later_words():
    rows = functionals(40, range(formats.DRAW_BITS)).reshape(40, -1)
    state = lfsr.seed_state(3)
    for n in (0, 1, 2, 39):
        parity = [bin(int(r) & state).count("1") & 1 for r in rows[n]]
        assert sum(bit << i for i, bit in enumerate(parity)) == lfsr.jump(state, n)


def test_pairs_of_draws_are_independent():
    """Any two draws up to a sample apart index the noise table independently: every correlation of two p-bits of a
    generator is exactly 0 (to 2**-64) at every firing probability, so the variance of a sum of p-bits is exact."""
    assert dependent_pairs(SAMPLE + 1, INDEX_BITS) == []


def test_the_noise_table_takes_as_many_bits_as_are_independent():
    """With eleven bits the first draws of consecutive words are related, as is whatever uses the lower bits."""
    assert dependent_pairs(200, range(5, 16)) == [(1, 0, 0)]
    assert (1, 0, 0) in dependent_pairs(200, range(10))


def test_triples_of_draws_and_what_their_relations_cost():
    """Four patterns of three draws are related, in low bits of the index: below the limit for any three p-bits."""
    triples = dependent_triples(48)
    assert triples == [
        ((0, 0), (0, 1), (1, 0)),
        ((0, 0), (0, 1), (2, 0)),
        ((0, 0), (1, 0), (2, 0)),
        ((0, 0), (1, 1), (3, 0)),
    ]
    spectrum = spectra()
    for triple in triples:
        masks = relations(triple)
        one_probability = spectrum[:, masks].prod(-1).sum(-1)
        assert np.abs(one_probability).max() < 3e-4
        assert np.abs(spectrum).max(0)[masks].prod(-1).sum() < 0.01  # whatever the three probabilities


def test_linear_complexity_is_that_of_64_bits():
    """What one unit fires at p = 1/2 is an LFSR sequence of 64 bits: a linear test sees it, the network does not."""
    fired = randomness.fire(lfsr.slices(randomness.stream(lfsr.seed_state(1), 1024)), 0.5).astype(np.uint8)
    assert sp800_22.linear_complexity(fired.reshape(1024, 4).T).tolist() == [64] * 4
    assert sp800_22.linear_complexity(fired[None, :2048]).tolist() == [256]
