"""The golden model against the float reference: statistical statements, each with its confidence."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch

from bsff.config import parse
from bsff.contract import numerics
from bsff.contract.geometry import geometry
from bsff.golden import goodness as golden_goodness
from bsff.golden import layer, lfsr, pbit
from bsff.golden.state import blank
from bsff.reference import Layer, Map, goodness, local_loss, sums
from bsff.reference.pbit import respond, thresholds

Z = 5.0
"""Standard errors allowed. For a normal mean one comparison fails by chance with probability 6e-7, so a test of some
hundred comparisons gives a false alarm in about one of ten thousand seeds."""
FRACTION = 8


def draws(seed: int, shape: tuple[int, ...]) -> Any:
    """16-bit draws of one generator per element of the first axis."""
    count = math.prod(shape[1:])
    states = np.array([lfsr.seed_state(seed, i) for i in range(shape[0])], np.uint64)
    _, words = lfsr.advance(states, lfsr.steps_for(count))
    return lfsr.slices(words)[:, :count].reshape(shape)


def within(mean: Any, expected: Any, spread: Any, count: int, *, also: float = 0.0) -> None:
    """Assert that means of `count` samples of standard deviation `spread` lie where they should."""
    error = np.abs(mean - expected)
    allowed = Z * spread / math.sqrt(count) + also
    worst = int(np.argmax(error - allowed))
    assert (error <= allowed).all(), (
        f"element {worst}: off by {error.flat[worst]:.5f}, allowed {np.ravel(allowed)[worst]:.5f}"
    )


@pytest.mark.parametrize("tile", [1, 3, 7])
def test_mean_count_is_the_sum_of_sigmoids(seed: int, tile: int) -> None:
    a = np.arange(-6, 10.1, 0.5)
    count = 20_000
    level = np.round(a * 2**FRACTION).astype(np.int64)
    n, _ = pbit.tile(np.broadcast_to(level, (count, a.size)), draws(seed, (count, a.size, tile)), size=tile,
                     fraction_bits=FRACTION, eligibility="boxcar", boxcar=512)  # fmt: skip
    p = np.array([1 / (1 + np.exp(-(a - theta))) for theta in thresholds(tile)])
    # the table's resolution adds up to 1/1024 a p-bit
    within(n.mean(0), p.sum(0), np.sqrt((p * (1 - p)).sum(0)), count, also=tile / 1024)


@pytest.mark.parametrize("tile", [1, 3])
def test_mean_xor_is_twice_the_slope(seed: int, tile: int) -> None:
    a = np.arange(-5, 8.1, 0.5)
    count = 20_000
    level = np.round(a * 2**FRACTION).astype(np.int64)
    _, d = pbit.tile(np.broadcast_to(level, (count, a.size)), draws(seed + 1, (count, a.size, 3 * tile)), size=tile,
                     fraction_bits=FRACTION, eligibility="xor", boxcar=512)  # fmt: skip
    generator = torch.Generator()
    slope = sum(
        respond("surprisal", at, torch.sigmoid(at), 0.0, generator).numpy()
        for at in (torch.tensor(a - t) for t in thresholds(tile))
    )
    within(d.mean(0), 2 * slope, np.sqrt(tile) / 2, count, also=2 * tile / 1024)


def test_boxcar_is_that_of_the_reference() -> None:
    level = np.arange(-1500, 2500)
    for tile in (1, 3):
        _, d = pbit.tile(level, np.zeros((level.size, tile), np.int64), size=tile, fraction_bits=FRACTION,
                         eligibility="boxcar", boxcar=512)  # fmt: skip
        expected = sum(
            respond("boxcar", at, torch.sigmoid(at), 2.0, torch.Generator()).numpy()
            for at in (torch.tensor(level / 256 - t) for t in thresholds(tile))
        )
        np.testing.assert_array_equal(d, expected)


def paired(rng: np.random.Generator, **keys: Any) -> tuple[Any, Any, Any, Any]:
    """A golden layer and a reference layer with the same weights, and one sample."""
    config = parse({"layer": [{"channels": 20, "kernel": 3, "fraction_bits": FRACTION, "weight_bits": 16, "eligibility": "xor",
                               "normalisation": "none", "temperature": 1.0, **keys}]}, source="paired")  # fmt: skip
    shape = geometry(config).layers[0]
    state = blank(geometry(config)).layers[0]
    state.weights[:] = np.round(rng.normal(0, 0.8, state.weights.shape) * 2**FRACTION)
    state.bias[:] = np.round(rng.normal(-0.5, 0.5, 20) * 2 ** (FRACTION + 8)).astype(int) >> 8 << 8
    state.scale[...] = numerics.goodness_scale(shape)
    state.learn[...] = True
    image = (rng.random((8, 8, 1)) < 0.4).astype(np.int64)
    state.activity[...] = image.sum() * 256

    # the reference cannot square a linear goodness away: `running` with its statistics held at 0 is the linear one
    own = parse(
        {"layer": [{**config.to_dict()["layer"][0], "normalisation": "running", "eligibility": "surprisal"}]}
    ).layers[0]
    twin = Layer(own, (1, 8, 8), 10, variant="bsff", generator=torch.Generator())
    twin.eval()
    weights = state.weights[0].reshape(3, 3, 1, 20).transpose(3, 2, 0, 1) / 2**FRACTION
    with torch.no_grad():
        twin.taps.weight.copy_(torch.tensor(weights))
        assert twin.taps.bias is not None
        twin.taps.bias.copy_(torch.tensor(state.bias / 2 ** (FRACTION + 8)))
    return shape, state, twin, image


@pytest.mark.slow
@pytest.mark.parametrize("pool", [1, 2])
@pytest.mark.parametrize("centre", [False, True])
def test_expected_update_follows_autograd(rng: np.random.Generator, pool: int, centre: bool) -> None:
    """Mean golden update over draws = eta * 2 * N / T * (minus the gradient of the local loss), N p-bits of a class.

    The factor 2 is that of ``xor`` (mean 2 sigma'). At T = 1 the class error hardly depends on the draws, so that
    the mean of its product with the response is the product of the means to within the stated per cent.
    """
    machines, label, eta = 2000, 3, 0.5
    shape, state, twin, image = paired(rng, pool=pool, centre=centre)
    state.step[...] = numerics.step_register(eta, FRACTION)
    moved, shifted = np.empty((machines, *state.weights.shape)), np.empty((machines, *state.bias.shape))
    for i in range(machines):  # each begins with the same weights and draws its own random numbers
        own = copy.deepcopy(state)
        own.pbits[...], own.rounding[...] = (lfsr.seed_state(int(rng.integers(2**32)), i) for _ in range(2))
        assert layer.run(shape, own, image, label).updated
        moved[i] = (own.weights.astype(np.int64) - state.weights) / 2**FRACTION
        shifted[i] = (own.bias.astype(np.int64) - state.bias) / 2 ** (FRACTION + 8)

    copies = 6000
    offset = float(image.mean()) if centre else 0.0
    x = torch.tensor(image.transpose(2, 0, 1)[None].repeat(copies, 0), dtype=torch.float32)
    with torch.no_grad():  # W (x - mean) + b', the same pre-activation: b' = b + mean sum W
        assert twin.taps.bias is not None
        twin.taps.bias += offset * twin.taps.weight.sum((1, 2, 3))
    _, g = twin(
        Map(x, torch.ones(x.shape[1]), torch.full((x.shape[1],), -offset)),
        torch.Generator().manual_seed(int(rng.integers(2**31))),
    )
    local_loss(g, torch.full((copies,), label), 1.0).backward()
    factor = -eta * 2 * shape.goodness_count / 1.0
    assert twin.taps.weight.grad is not None
    assert twin.taps.bias.grad is not None
    gradient = twin.taps.weight.grad.numpy().transpose(2, 3, 1, 0).reshape(9, 20)
    expected = factor * gradient
    scale = np.abs(expected).max()
    assert scale > 0.05  # the test sees something
    # the reference's own mean has the spread of a draw too, smaller than the golden one's: counted twice for safety
    spread = math.sqrt(2) * moved[:, 0].std(0)
    within(moved[:, 0].mean(0), expected, spread, machines, also=0.01 * scale)

    direct = factor * twin.taps.bias.grad.numpy()
    folded = direct - offset * expected.sum(0)
    within(shifted.mean(0), folded, math.sqrt(2) * shifted.std(0), machines, also=0.01 * np.abs(direct).max())


def test_goodness_is_that_of_the_reference(rng: np.random.Generator) -> None:
    config = parse({"layer": [{"channels": 30, "kernel": 3, "temperature": 20.0, "tile": 2}]}, source="goodness")
    shape = geometry(config).layers[0]
    counts = rng.integers(0, 3, (50, 8, 8, 30))
    mean = rng.integers(0, 128 * 2**16, (50, 30))
    found = golden_goodness.logits(golden_goodness.centred(counts.sum((1, 2)), mean),
                                   numerics.goodness_scale(shape), 10) / 64  # fmt: skip
    normalised = torch.tensor((counts - mean[:, None, None] / 2**16 / 64).transpose(0, 3, 1, 2) / 2)
    expected = (
        20 * math.log2(math.e) * goodness(sums(normalised), torch.ones(30), torch.zeros(30), 10, squared=False).numpy()
    )
    assert expected.shape == (50, 10)
    # the scale register is rounded to one part in a thousand, the logit down to 1/64
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1 / 64 + 0.02)
