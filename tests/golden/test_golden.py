"""The golden model's parts on examples worked out by hand, its formats at both ends, and no float anywhere."""

import ast
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import random_config, random_samples, random_state

import bsff.golden
from bsff.config import DataConfig, parse
from bsff.contract.formats import COUNTERS
from bsff.contract.geometry import geometry
from bsff.golden import encode, goodness, layer, network, pbit, pool, softmax, tables, taps, update

INTS = np.int64
ONE = np.array(1, np.uint64)


def small(**layer_keys: object):
    config = parse({"layer": [{"channels": 10, "kernel": 3, **layer_keys}]}, source="small")
    return config, geometry(config)


# ---- encoder


def test_threshold_reaches_its_level() -> None:
    pixels = np.array([0, 127, 128, 255], np.uint8).reshape(2, 2, 1)
    bits, stream = encode.encode(pixels, DataConfig(levels=(128,)), ONE)
    assert bits.ravel().tolist() == [0, 0, 1, 1]
    assert stream == 1


def test_thermometer_and_bitplanes_stand_side_by_side() -> None:
    pixels = np.array([[[0b10100000, 0b01011111]]], np.uint8)
    bits, _ = encode.encode(pixels, DataConfig(encoding="thermometer", levels=(64, 128, 192)), ONE)
    assert bits.ravel().tolist() == [1, 1, 0, 1, 0, 0]
    bits, _ = encode.encode(pixels, DataConfig(encoding="bitplanes", planes=4), ONE)
    assert bits.ravel().tolist() == [1, 0, 1, 0, 0, 1, 0, 1]


def test_bernoulli_fires_as_often_as_the_pixel_is_bright(seed: int) -> None:
    pixels = np.repeat(np.array([0, 25, 128, 230, 255], np.uint8), 4000).reshape(100, 200, 1)
    bits, stream = encode.encode(pixels, DataConfig(encoding="bernoulli"), np.array(seed + 99, np.uint64))
    rates = bits.reshape(5, 4000).mean(1)
    expected = np.array([0, 25, 128, 230, 255]) / 256
    # five standard errors: one false alarm in over a million
    assert (abs(rates - expected) <= 5 * np.sqrt(expected * (1 - expected) / 4000)).all()
    assert rates[0] == 0
    assert stream != seed + 99


# ---- taps and sums


def test_taps_by_hand() -> None:
    config = parse({"layer": [{"channels": 10, "kernel": 2, "padding": 1}]}, source="taps")
    shape = geometry(config).layers[0]
    image = np.arange(64).reshape(8, 8, 1)
    found = taps.gather(image, shape)
    assert found.shape == (1, 81, 4)
    assert found[0, 0].tolist() == [0, 0, 0, 0]  # (-1,-1) (-1,0) (0,-1) outside, (0,0) holds 0
    assert found[0, 10].tolist() == [0, 1, 8, 9]
    assert found[0, 80].tolist() == [63, 0, 0, 0]


@given(st.integers(0, 2**32 - 1))
def test_accumulate_is_the_sum_of_indexed_rows(number: int) -> None:
    rng = np.random.default_rng(number)
    groups, positions, count, width = rng.integers(1, 4), rng.integers(1, 5), rng.integers(1, 9), rng.integers(1, 6)
    active = rng.integers(0, 3, (groups, positions, count))
    weights = rng.integers(-2048, 2048, (groups, count, width))
    bias = rng.integers(-(2**20), 2**20, groups * width)
    found = taps.accumulate(active, weights, bias)
    for p in range(positions):
        total = bias.copy()
        for g in range(groups):
            for tap in range(count):
                for _ in range(active[g, p, tap]):  # indexing and adding, no multiplication
                    total[g * width : (g + 1) * width] += weights[g, tap]
        assert found[p].tolist() == total.tolist()


# ---- pool


def test_pool_ties_go_to_the_first_in_raster_order() -> None:
    count = np.array([[1, 0, 2, 2, 9], [1, 1, 2, 1, 9], [9, 9, 9, 9, 9]]).reshape(3, 5, 1)
    response = np.arange(1, 16).reshape(3, 5, 1)
    pooled, kept = pool.pool(count, response, (2, 2))
    assert pooled.ravel().tolist() == [1, 2]
    assert kept.ravel().tolist() == [1, 0, 3, 0, 0] + 10 * [0]


def test_pool_of_a_map_of_one_row() -> None:
    count, response = np.array([1, 1, 0, 2, 7]).reshape(1, 5, 1), np.arange(1, 6).reshape(1, 5, 1)
    pooled, kept = pool.pool(count, response, (1, 2))
    assert pooled.ravel().tolist() == [1, 2]
    assert kept.ravel().tolist() == [1, 0, 0, 4, 0]


def test_pool_up_keeps_the_odd_edge() -> None:
    counts = np.array([[0, 1, 0], [2, 1, 0], [0, 0, 1]]).reshape(3, 3, 1)
    assert pool.pool_up(counts, 2, "max").reshape(2, 2).tolist() == [[2, 0], [0, 1]]
    assert pool.pool_up(counts, 2, "sum").reshape(2, 2).tolist() == [[4, 0], [0, 1]]
    assert pool.pool_up(counts, 4, "sum").reshape(-1).tolist() == [5]
    assert pool.pool_up(counts, 1, "sum") is counts


# ---- goodness and softmax


def test_goodness_by_hand() -> None:
    count = np.arange(20)
    mean = np.full(20, 3 * 2**16 + 2**15)  # 3.5
    difference = goodness.centred(count, mean)
    assert (difference[:3] / 2**16).tolist() == [-3.5, -2.5, -1.5]
    # class 0: (0 - 3.5 + 1 - 3.5) * 256 = -1536, times 1000 / 65536, rounded down
    assert goodness.logits(difference, 1000, 10)[0] == math.floor(-1536 * 1000 / 65536)
    assert goodness.average(np.array([100]), np.array([-8]), 4)[0] == 100  # -0.5 rounds up to 0
    assert goodness.average(np.array([100]), np.array([8]), 4)[0] == 101


@pytest.mark.parametrize("scale", [8, 64, 256, 1024])
def test_the_scale_of_the_noise(scale: int) -> None:
    """The table is that of the logistic quantiles times the scale, and firing that of a steeper sigmoid."""
    u = (np.arange(1024) + 0.5) / 1024
    np.testing.assert_allclose(tables.noise_table(8, scale), scale / 256 * 256 * np.log(u / (1 - u)), atol=0.51)
    draws = np.arange(2**16)
    for a in (-300, -20, 0, 77, 500):
        rate = pbit.fire(np.full(2**16, a), draws, 8, scale).mean()
        assert abs(rate - 1 / (1 + np.exp(-(a - 0.5) / scale))) < 1.5 / 1024


def test_running_mean_of_a_single_bit_finds_its_rate(rng: np.random.Generator) -> None:
    """A count of 0 or 1, as in a dense layer: the mean must not stop where a step rounds to nothing."""
    bits = (rng.random((20_000, 3)) < [0.1, 0.5, 0.9]).astype(INTS)
    mean = np.zeros(3, INTS)
    seen = []
    for bit in bits:
        mean = goodness.average(mean, goodness.centred(bit, mean), 6)
        seen.append(mean / 2**16)
    np.testing.assert_allclose(np.mean(seen[2000:], 0), [0.1, 0.5, 0.9], atol=0.02)


@given(st.lists(st.integers(-5000, 5000), min_size=10, max_size=10), st.integers(0, 9))
def test_softmax_near_the_real_one(logits: list[int], label: int) -> None:
    z = np.array(logits) / 64
    real = 2.0 ** (z - z.max())
    real /= real.sum()
    error = softmax.class_error(np.array(logits), label) / 4096
    one_hot = np.eye(10)[label]
    # table: half a unit in 65536 each of ten; floor of the quotient: one in 4096
    np.testing.assert_allclose(error, one_hot - real, atol=1 / 4096 + 1e-3 / 4)
    assert error[label] == abs(error).max()  # so the gate may look at the label alone
    loss = softmax.cross_entropy(np.array(logits), label) / 64
    assert abs(loss + math.log2(max(real[label], 1e-300))) < 0.03


def test_softmax_far_apart() -> None:
    logits = np.array([1_000_000] + 9 * [-1_000_000])
    assert softmax.class_error(logits, 0).tolist() == 10 * [0]
    assert softmax.class_error(logits, 1).tolist() == [-4096, 4096] + 8 * [0]


# ---- update


def test_gain_rounds_half_up() -> None:
    assert update.gains(np.array([1, -1, 3]), 128).tolist() == [1, 0, 2]


def one_weight(weight: int, sums: int, gain: int, noise: int, *, mean: int = 0, bias: int = 0):
    """Ten channels, one tap: channel 0 has `weight`, all have the response `sums`."""
    weights = np.zeros((1, 1, 10), INTS)
    weights[..., 0] = weight
    return update.update(weights, np.full(10, bias), np.ones((1, 1, 1), INTS), np.full((1, 10), sums),
                         np.full(10, gain), mean, np.array([noise]), weight_bits=12)  # fmt: skip


def test_update_rounds_by_its_dither() -> None:
    for noise, moved in ((0, 2), (1023, 2), (1024, 3), (4095, 3)):  # 2.75 weight units
        weights, _, _ = one_weight(5, 11, 1024, noise)
        assert weights[0, 0, 0] == 5 + moved
    weights, _, _ = one_weight(5, -11, 1024, 0)
    assert weights[0, 0, 0] == 5 - 3  # rounded down without dither


def test_update_saturates_at_both_ends_and_counts() -> None:
    for start, gain, end in ((2047, 4096, 2047), (-2048, -4096, -2048), (2000, 2**20, 2047), (-2000, -(2**20), -2048)):
        weights, _, saturated = one_weight(start, 1, gain, 0)
        assert weights[0, 0, 0] == end
        assert saturated >= 1
    assert one_weight(2046, 1, 4096, 4095)[2] == 0


def test_centred_update_by_hand() -> None:
    # S = 4 over one position, mean 1/4: change (4 - 4/4) * 2 = 6; bias: 4 * 2 units, less 1/4 of the 6 moved, times 2**8
    weights, bias, _ = one_weight(0, 4, 2 * 4096, 0, mean=2**14)
    assert weights[0, 0, 0] == 6
    assert bias[0] == (8 << 8) - (6 << 8) // 4


def test_bias_saturates() -> None:
    top = 2**31 - 1
    assert one_weight(0, 100, 2**20, 0, bias=top)[1][0] == top
    assert one_weight(0, 100, -(2**20), 0, bias=-top - 1)[1][0] == -top - 1


def test_mean_activity() -> None:
    assert update.mean_activity(64 * 256, 64) == 2**16
    assert abs(update.mean_activity(77 * 256, 784) - 77 / 784 * 2**16) < 1
    assert update.average_activity(0, 128) == 128


# ---- the whole


def test_gate_skips_and_freezing_holds_everything_but_the_pbits(rng: np.random.Generator) -> None:
    config, shape = small()
    pixels, labels = random_samples(shape, rng, 5)
    for gate, learns in ((4097, True), (0, False)):
        state = random_state(shape, np.random.default_rng(3))
        state.layers[0].gate[...], state.layers[0].learn[...] = gate, learns
        state.head.learn[...] = False
        before = state.copy()
        result = network.run(config, shape, state, pixels, labels)
        assert result.counters[0, COUNTERS.index("updates")] == 0
        changed = {n for (n, a), (_, b) in zip(before.arrays(), state.arrays(), strict=True) if (a != b).any()}
        assert changed == ({"layer1.pbits", "layer1.mean", "layer1.activity"} if learns else {"layer1.pbits"})


@pytest.mark.parametrize("tile", [1, 3])
def test_activations_are_bits_or_counts(rng: np.random.Generator, tile: int) -> None:
    _, shape = small(tile=tile)
    state = random_state(shape, rng)
    for _ in range(20):
        output, response, _ = layer.forward(shape.layers[0], state.layers[0], rng.integers(0, 2, (8, 8, 1)))
        assert set(np.unique(output)) <= set(range(tile + 1))
        assert set(np.unique(response)) <= set(range(tile + 1))


@pytest.mark.parametrize("case", range(6))
def test_integers_only_and_in_range(seed: int, case: int) -> None:
    rng = np.random.default_rng([seed, case])
    config = random_config(rng)
    shape = geometry(config)
    state = random_state(shape, rng)
    result = network.run(config, shape, state, *random_samples(shape, rng, 20))
    for name, array in (*state.arrays(), ("logits", result.logits), ("counters", result.counters)):
        assert array.dtype.kind in "iub", name
    for own, part in zip(config.layers, state.layers, strict=True):
        assert abs(part.weights.astype(int) + 0.5).max() < 2 ** (own.weight_bits - 1)


def test_no_float_in_the_golden_sources() -> None:
    """No float literal, true division, float type or math call in any module of the golden model."""
    for path in sorted(Path(bsff.golden.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            where = f"{path.name}:{getattr(node, 'lineno', 0)}"
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), where
            assert not (isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div)), where
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            assert "float" not in name, where
            assert name != "math", where


def test_tables_end_where_they_should() -> None:
    noise = tables.noise_table(8)
    assert noise[-1] == round(math.log(2047) * 256)
    assert (noise == -noise[::-1]).all()
    assert tables.exp2_table()[0] == 65536
    assert tables.exp2_table()[32] == round(65536 / math.sqrt(2))
    assert tables.log2_table()[0] == 0
