"""Layers of the float reference: normalisation, goodness, geometry, gradients, and absorbing the normalisation."""

import math

import pytest
import reference_helpers
import torch
from reference_helpers import generator, layer, network, pixels
from torch.nn import functional

from bsff.reference import Map, Normalisation, absorb, goodness, local_loss, sums


@pytest.fixture(autouse=True)
def _seed(seed, monkeypatch):
    monkeypatch.setattr(reference_helpers, "SEED", seed)


def z(of: Map) -> torch.Tensor:
    """The normalised map, which the reference never makes."""
    return of.n * of.scale.view(1, -1, 1, 1) + of.shift.view(1, -1, 1, 1)


def test_goodness_and_loss_by_hand():
    n, one, zero = torch.zeros(1, 2 * 10, 1, 2), torch.ones(20), torch.zeros(20)
    n[0, 6:8, 0] = torch.tensor([[1.0, -2.0], [3.0, 0.0]])  # class 3 owns channels 6 and 7
    expected = torch.zeros(1, 10)
    expected[0, 3] = 2 / 4
    assert torch.equal(goodness(sums(n), one, zero, 10, squared=False), expected)
    expected[0, 3] = 14 / 4
    assert torch.equal(goodness(sums(n), one, zero, 10, squared=True), expected)
    g = torch.zeros(1, 10)
    g[0, 3] = 0.5  # at T = 2 ln 9 class 3 weighs as much as the other nine together
    assert local_loss(g, torch.tensor([3]), 2 * math.log(9)).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("kind", ["batchnorm", "running", "none"])
def test_goodness_and_its_slope_are_those_of_the_normalised_map(kind, squared):
    """From sums as from the map itself, through the statistics of the batch too."""
    g = generator()
    n = torch.randint(4, (6, 20, 3, 3), generator=g).double()
    found, expected = (n.clone().requires_grad_() for _ in range(2))
    weight = torch.rand((6, 10), generator=g, dtype=torch.float64)

    def norm():
        return Normalisation(kind, 20, momentum_shift=2).double()

    from_sums = goodness(sums(found), *norm()(sums(found)), 10, squared=squared)
    (from_sums * weight).sum().backward()
    if kind == "batchnorm":
        variance, mean = torch.var_mean(expected, (0, 2, 3), correction=0)
        scale = (variance + 1e-3).rsqrt()
    else:
        scale, mean = torch.ones(20).double(), torch.zeros(20).double()  # running: nothing was observed yet
    normalised = (expected - mean.view(1, -1, 1, 1)) * scale.view(1, -1, 1, 1)
    from_map = (normalised.square() if squared else normalised).reshape(6, 10, -1).mean(2)
    (from_map * weight).sum().backward()
    assert torch.allclose(from_sums, from_map, atol=1e-10)
    assert torch.allclose(found.grad, expected.grad, atol=1e-10)


def test_normalisations():
    n = torch.randint(4, (64, 20, 3, 3), generator=generator()).float()
    batch = Normalisation("batchnorm", 20, momentum_shift=8)
    scale, shift = batch(sums(n))
    normalised = z(Map(n, scale, shift))
    assert torch.allclose(normalised.mean((0, 2, 3)), torch.zeros(20), atol=1e-5)
    assert torch.allclose(normalised.var((0, 2, 3), correction=0), torch.ones(20), atol=2e-3)
    assert torch.allclose(batch.mean, 0.1 * n.mean((0, 2, 3)))
    running = Normalisation("running", 20, momentum_shift=2)
    scale, shift = running(sums(n[:1]))
    assert torch.equal(scale, torch.ones(20))
    assert not shift.any()
    running(sums(n[[0, 0]]))  # a batch of two forgets as two samples do
    assert torch.allclose(running.mean, (1 - 0.75**3) * n[0].mean((1, 2)))
    running.eval()(sums(n))
    assert torch.allclose(running.affine()[1], -(1 - 0.75**3) * n[0].mean((1, 2)))  # nothing learnt in eval
    assert not Normalisation("none", 20, momentum_shift=2)(sums(n))[1].any()


@pytest.mark.parametrize(
    ("kind", "before"), [("batchnorm", False), ("batchnorm", True), ("running", False), ("none", False)]
)
def test_goodness_of_a_layer(kind, before):
    one, below = layer(normalisation=kind, loss_before_norm=before), Map.plain(torch.ones(5, 2, 6, 6))
    above, g = one(below, generator())
    n = one.activation(one.preactivation(below), generator())
    shown = n if before else z(above)
    assert torch.allclose(g, (shown if kind == "running" else shown**2).view(5, 10, -1).mean(2))


def test_pooling_ties_go_to_the_first_in_raster_order():
    a = torch.tensor([[1.0, 1, 0, 1], [1, 1, 1, 1], [0.5, 0.5, 0.5, 0.5], [1, 1, 0.5, 1]]).view(1, 1, 4, 4)
    a.requires_grad_()
    layer(variant="real", pool=2).activation(a, generator()).sum().backward()
    assert a.grad[0, 0].nonzero().tolist() == [[0, 0], [0, 3], [3, 0], [3, 3]]


def test_geometry_of_dense_and_grouped_layers():
    assert layer(kernel=5, padding=1, pool=2, shape=(2, 9, 8)).shape == (20, 3, 3)
    dense = layer(kind="dense")
    assert dense.shape == (20, 1, 1)
    assert dense.taps.weight[0].numel() == 2 * 6 * 6
    grouped = layer(shape=(20, 4, 4), groups=10)
    x = torch.zeros(1, 20, 4, 4)
    x[:, 6:8] = 1.0  # class 3
    a = grouped.preactivation(Map.plain(x))
    assert a.abs().sum((0, 2, 3)).nonzero().flatten().tolist() == [6, 7]


def test_no_gradient_crosses_a_layer():
    keys = {"channels": 20, "normalisation": "batchnorm"}  # whose scale and shift carry gradients too
    net = network(keys, keys)
    first, second, y = *net.layers, torch.arange(4)
    maps = [net.input(pixels(4), generator())]
    for one in net.layers:
        above, g = one(maps[-1], generator())
        maps.append(above)
    local_loss(g, y, 1.0).backward()
    assert second.taps.weight.grad.abs().max() > 0
    assert first.taps.weight.grad is None
    assert first.taps.bias.grad is None
    second.zero_grad()
    functional.cross_entropy(net.head(maps[1:]), y).backward()
    assert net.head.taps.weight.grad.abs().max() > 0
    assert second.taps.weight.grad is None


def test_calibration_sets_mean_and_spread_of_every_channel():
    net = network({"channels": 20, "init_mean": -3.0, "init_std": 1.5})
    net.calibrate(pixels(200), generator())
    a = net.layers[0].preactivation(net.input(pixels(200), generator()))
    assert torch.allclose(a.mean((0, 2, 3)), torch.tensor(-3.0), atol=1e-3)
    assert torch.allclose(a.std((0, 2, 3)), torch.tensor(1.5), atol=1e-3)


def test_staggered_termination_freezes_exactly_the_right_layers():
    net = network(
        {"channels": 20, "stop_epoch": 1, "normalisation": "batchnorm"},
        {"channels": 20},
        {"channels": 20, "start_epoch": 1, "stop_epoch": 2},
        head={"start_epoch": 2},
    )
    net.calibrate(pixels(20), generator())
    parts, moved = [*net.layers, net.head], []
    for epoch in range(3):
        before = [{k: v.clone() for k, v in part.state_dict().items()} for part in parts]
        for _ in range(2):  # the second step would show momentum that a frozen layer must not keep following
            net.learn(pixels(20), torch.arange(20) % 10, epoch, generator())
        changes = [
            [not torch.equal(v, old[k]) for k, v in part.state_dict().items()]
            for part, old in zip(parts, before, strict=True)
        ]
        assert all(all(c) or not any(c) for c in changes)  # weights, bias and statistics together
        moved.append([all(c) for c in changes])
    assert moved == [[True, True, False, False], [False, True, True, False], [False, True, False, True]]


def test_reading_counts_is_exact_to_the_last_bit_where_floats_are():
    """As the convolution of the normalised map, in which a tap beyond the border is a unit that did not fire."""
    g = generator()

    def eighths(*shape):  # sums of these products are exact in float64
        return torch.randint(-64, 65, shape, generator=g).double() / 8

    above = layer(shape=(20, 5, 5), groups=10, kernel=5, padding=2).double()
    above.taps.weight.data, above.taps.bias.data = eighths(*above.taps.weight.shape), eighths(20)
    below = Map(torch.randint(4, (3, 20, 5, 5), generator=g).double(), eighths(20).abs() + 1, eighths(20))
    beyond = Map(functional.pad(below.n, [2, 2, 2, 2]), below.scale, below.shift)
    assert torch.equal(above.preactivation(below), above.taps(z(beyond)))


@pytest.mark.parametrize("normalisation", ["batchnorm", "running"])
@pytest.mark.parametrize("variant", ["bsff", "real"])
@pytest.mark.parametrize(
    "head", [{"pool": 2}, {"layers": [1, 3, 4], "pool": [4, 2, 1]}, {"layers": [1, 2], "pool": 2, "pooling": "sum"}]
)
def test_absorbed_network_equals_the_trained_one(normalisation, variant, head):
    keys = {"channels": 20, "tile": 3, "eligibility": "surprisal", "normalisation": normalisation}
    net = network(
        {**keys, "pool": 2},
        {**keys, "kernel": 5, "padding": 2, "groups": 10},
        {**keys, "padding": 0},
        {**keys, "kind": "dense"},
        head=head,
        variant=variant,
        shape=(9, 8, 1),
    ).double()
    x = pixels(30, (9, 8, 1))
    net.calibrate(x, generator())
    for _ in range(5):
        net.learn(x, torch.arange(30) % 10, 0, generator())
    counts, maps = absorb(net), [net.eval().input(x, generator())] * 2
    for one, other in zip(net.layers, counts.layers, strict=True):
        a, b = one.preactivation(maps[0]), other.preactivation(maps[1])
        assert torch.allclose(a, b, rtol=0, atol=1e-10)  # at every position, borders included
        maps = [one(maps[0], generator())[0], other(maps[1], generator())[0]]
        assert variant == "real" or set(maps[1].n.unique().tolist()) <= {0, 1, 2, 3}
        assert not maps[1].shift.any()
        assert (maps[1].scale == 1).all()
    expected, got = net(x, generator()), counts(x, generator())
    assert torch.allclose(got.logits, expected.logits)
    assert torch.allclose(got.goodness[-1], expected.goodness[-1])
