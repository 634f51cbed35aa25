"""p-bits and tiles of the float reference: their statistics, and that updates follow the gradient."""

import math

import pytest
import reference_helpers
import torch
from reference_helpers import DRAWS, A, Z, generator
from torch.nn import functional

from bsff.reference import sample, thresholds


@pytest.fixture(autouse=True)
def _seed(seed, monkeypatch):
    monkeypatch.setattr(reference_helpers, "SEED", seed)


def mean_count(a, tile):
    """The deterministic network: the expected count."""
    return sum(torch.sigmoid(a - theta) for theta in thresholds(tile))


@pytest.mark.parametrize("tile", [1, 2, 3, 7])
def test_counts_are_whole_and_at_most_the_tile(tile):
    n = sample(A.repeat(1000, 1), tile, "surprisal", 2.0, generator())
    assert set(n.unique().tolist()) == set(range(tile + 1))


@pytest.mark.parametrize("tile", [1, 3])
def test_mean_and_variance_of_the_count_are_those_of_independent_p_bits(tile):
    n = sample(A.repeat(DRAWS, 1), tile, "surprisal", 2.0, generator())
    p = torch.stack([torch.sigmoid(A - theta) for theta in thresholds(tile)])
    q = p * (1 - p)
    variance = q.sum(0)
    z = (n.mean(0) - p.sum(0)) / (variance / DRAWS).sqrt()
    assert z.abs().max() < Z, f"z = {z}"
    # variance of (n - mean)^2 from the cumulants of Bernoulli bits; it is 0 for one p-bit at p = 1/2
    fourth = ((q * (1 - 6 * q)).sum(0) + 2 * variance**2).clamp(min=1e-9)
    z = ((n - p.sum(0)).square().mean(0) - variance) / (fourth / DRAWS).sqrt()
    assert z.abs().max() < Z, f"z = {z}"


def test_mean_count_tends_to_softplus():
    assert thresholds(1) == [0.0]
    assert thresholds(3) == [0.5, 1.5, 2.5]
    errors = [(mean_count(A, tile) - functional.softplus(A)).abs().max().item() for tile in (2, 4, 8, 16)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.011


def eligibilities(kind, tile, width=2.0):
    a = A.repeat(DRAWS, 1).requires_grad_()
    sample(a, tile, kind, width, generator()).sum().backward()
    return a.grad


@pytest.mark.parametrize("tile", [1, 3])
def test_eligibilities(tile):
    p = torch.stack([torch.sigmoid(A - theta) for theta in thresholds(tile)])
    slope = (p * (1 - p)).sum(0)
    assert torch.allclose(eligibilities("surprisal", tile)[0], slope)
    inside = sum((A - theta).abs() < 1.5 for theta in thresholds(tile))
    assert torch.equal(eligibilities("boxcar", tile, width=1.5)[0] * 3, inside.double())
    xor = eligibilities("xor", tile) * 2
    assert set(xor.unique().tolist()) == set(range(tile + 1))
    q = 2 * p * (1 - p)
    z = (xor.mean(0) - 2 * slope) / ((q * (1 - q)).sum(0) / DRAWS).sqrt()
    assert z.abs().max() < Z, f"z = {z}"
    with pytest.raises(ValueError, match="eligibility 'and': expected one of surprisal, xor, boxcar"):
        eligibilities("and", tile)


@pytest.mark.parametrize("kind", ["surprisal", "xor"])
@pytest.mark.parametrize("tile", [1, 3])
def test_expected_update_is_the_gradient_of_the_deterministic_network(kind, tile):
    x = torch.tensor([1.0, 0, 1, 1], dtype=torch.float64)
    weight = torch.randn(4, 3, generator=generator(), dtype=torch.float64)

    def loss(n):  # quadratic, with products of different units
        return (n @ torch.tensor([1.0, -2, 0.5], dtype=torch.float64) - 0.7).square() + n[..., 1]

    one = weight.clone().requires_grad_()
    loss(mean_count(x @ one, tile)).backward()
    many = weight.expand(DRAWS, 4, 3).clone().requires_grad_()
    loss(sample(torch.einsum("i,rij->rj", x, many), tile, kind, 2.0, generator())).sum().backward()
    active = x > 0
    z = (many.grad.mean(0) - one.grad)[active] / (many.grad.std(0)[active] / math.sqrt(DRAWS))
    assert z.abs().max() < Z, f"z = {z}"
    assert not many.grad[:, ~active].any()  # a silent tap is never written


@pytest.mark.parametrize("noise", [0.25, 2.0])
def test_the_scale_of_the_noise(noise):
    """Steeper or flatter firing; whatever the kind of eligibility, its mean has an integral of 1 a p-bit."""
    n = sample(A.repeat(DRAWS, 1), 1, "surprisal", 2.0, generator(), noise=noise)
    p = torch.sigmoid(A / noise)
    z = (n.mean(0) - p) / (p * (1 - p) / DRAWS).sqrt()
    assert z.abs().max() < Z, f"z = {z}"
    grid = torch.linspace(-40, 40, 4_000_001, dtype=torch.float64)
    for kind in ("surprisal", "xor", "boxcar"):
        a = grid.clone().requires_grad_()
        sample(a, 1, kind, 2.0, generator(), noise=noise).sum().backward()
        assert a.grad.sum().item() * 2e-5 == pytest.approx(1, abs=0.05), kind
