"""Steps from the paper's learning rule to the machine's, and the operations that are counted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from bsff.config import Config, load, override
from bsff.data import load_dataset
from bsff.reference import Map, Network, Rule, fit
from bsff.reference.layer import Layer
from bsff.reference.operations import operations
from bsff.reference.rule import gated_loss, round_at_random


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_rounding_keeps_the_mean_and_the_grid() -> None:
    weights = torch.full((200_000,), 0.3 / 16)
    round_at_random(weights, bits=8, fraction_bits=4, generator=generator())
    assert set((weights * 16).unique().tolist()) == {0.0, 1.0}
    assert float(weights.mean()) * 16 == pytest.approx(0.3, abs=0.005)  # 5 standard errors
    exact = torch.tensor([-1.5, 0.0, 0.25, 2.0])
    kept = exact.clone()
    round_at_random(exact, bits=8, fraction_bits=4, generator=generator())
    assert torch.equal(exact, kept)


def test_rounding_saturates_at_both_ends() -> None:
    weights = torch.tensor([100.0, 7.9375, -8.0, -100.0])
    round_at_random(weights, bits=8, fraction_bits=4, generator=generator())
    assert weights.tolist() == [7.9375, 7.9375, -8.0, -8.0]


def test_the_gate_leaves_out_what_is_known() -> None:
    logits = torch.tensor([[5.0] + [0.0] * 9, [0.0] * 10], requires_grad=True)
    labels = torch.tensor([0, 3])
    error = 1 - logits.detach().softmax(1)[0, 0]
    both = gated_loss(logits, labels, None)
    one = gated_loss(logits, labels, float(error) + 0.01)
    assert both is not None
    assert one is not None
    assert both.item() == pytest.approx(torch.nn.functional.cross_entropy(logits, labels).item())
    assert one.item() == pytest.approx(np.log(10) / 2)
    lower = gated_loss(logits, labels, float(error) - 0.01)
    assert lower is not None
    assert lower.item() == pytest.approx(both.item())
    one.backward()
    assert logits.grad is not None
    assert logits.grad[0].abs().max() == 0
    assert logits.grad[1].abs().max() > 0
    assert gated_loss(logits, labels, 0.95) is None


def test_unknown_optimisers_are_refused() -> None:
    with pytest.raises(ValueError, match="optimiser 'lion': expected adam or sgd"):
        Rule(optimiser="lion")


SMALL = override(
    load("digits"),
    ["layer.channels=20", "layer.temperature=7", "layer.step=0.25", "layer.boxcar=1.5", "layer.normalisation=running"],
)


def test_a_plain_step_is_the_machines() -> None:
    """``dW[i,j] = step e sum_p x[p,i] d[p,j]`` with the integer response of the boxcar, as `docs/numerics.md` has it."""
    config = dataclasses.replace(SMALL.layers[1], kernel=1, padding=0)
    layer = Layer(config, (5, 2, 2), 10, variant="bsff", generator=generator(), rule=Rule(optimiser="sgd"))
    layer.train()
    x = (torch.rand(1, 5, 2, 2, generator=generator(1)) < 0.5).float()
    below = Map.plain(x)
    before = layer.taps.weight.detach().clone()
    a = layer.preactivation(below).detach()
    _, g = layer(below, generator(2))
    layer.norm.mean.zero_()  # the first call moved it
    error = torch.nn.functional.one_hot(torch.tensor([4]), 10) - (7 * g).softmax(1).detach()
    layer.learn(below, torch.tensor([4]), generator(2))
    d = (a.abs() < 1.5).float()
    expected = 0.25 * torch.einsum("nihw,njhw->ji", x, d * error.repeat_interleave(2, 1)[..., None, None])
    change = (layer.taps.weight.detach() - before)[..., 0, 0]
    assert expected.abs().max() > 0.1
    assert torch.allclose(change, expected, atol=1e-5)


@pytest.mark.parametrize("rule", [Rule(quantise=True), Rule(optimiser="sgd", quantise=True, gated=True)], ids=repr)
def test_weights_stay_on_the_grid_while_learning(rule: Rule) -> None:
    data = load_dataset(SMALL.data)
    images, labels = data.train_images[:40], data.train_labels[:40]
    network, _ = fit(SMALL, images, labels, images, labels, epochs=1, batch_size=1, rule=rule)
    for learner in network.learners():
        units = learner.taps.weight.detach() * 2.0**learner.config.fraction_bits
        assert torch.equal(units, units.round())
        assert units.abs().max() <= 2 ** (learner.config.weight_bits - 1)


def test_a_closed_gate_changes_nothing() -> None:
    config = override(SMALL, ["layer.gate=1.0", "head.gate=1.0"])
    network = Network(config, (8, 8, 1), rule=Rule(gated=True))
    before = [learner.taps.weight.detach().clone() for learner in network.learners()]
    data = load_dataset(config.data)
    pixels, labels = torch.from_numpy(data.train_images[:8].copy()), torch.arange(8)
    network.learn(pixels, labels, 0, generator())
    assert all(torch.equal(b, n.taps.weight) for b, n in zip(before, network.learners(), strict=True))
    open_ = Network(config, (8, 8, 1))
    open_.learn(pixels, labels, 0, generator())
    assert not torch.equal(before[0], open_.learners()[0].taps.weight)


def layers(*settings: str) -> Config:
    bits = ["data.encoding=threshold", "data.levels=[128]", "head.layers=[]", "layer.channels=20"]
    config = override(load("digits"), [*bits, *settings])
    return dataclasses.replace(config, layers=config.layers[:1])


def test_operations_of_a_real_network() -> None:
    network = Network(layers("layer.kernel=3", "layer.padding=0"), (8, 8, 1), variant="real")
    found = operations(network, np.full((2, 8, 8, 1), 255, np.uint8))
    assert found["macs"] == 2 * 6 * 6 * 9 * 20  # forward and update
    assert found["additions"] == 0


def test_operations_of_bits_are_those_that_are_on() -> None:
    pixels = np.zeros((2, 8, 8, 1), np.uint8)
    pixels[0, 4, 4] = 255  # seen by nine positions
    network = Network(layers(), (8, 8, 1))
    found = operations(network, pixels)
    assert found["macs"] == 0
    assert found["additions"] == 2 * 9 * 20 / 2  # forward and update, mean of two images


def test_operations_of_groups_and_counts() -> None:
    config = override(load("digits"), ["layer.channels=20", "layer[2].groups=10", "layer.tile=3", "layer.init_mean=9"])
    network = Network(config, (8, 8, 1))
    with torch.no_grad():
        for layer in network.layers:
            layer.taps.weight.zero_()
            layer.taps.bias.fill_(50.0)  # every p-bit fires: counts of 3
    found = operations(network, np.zeros((1, 8, 8, 1), np.uint8))
    border = (2 + 3 + 3 + 2) ** 2  # taps inside a 4 x 4 map
    assert found["firing"] == [3.0, 3.0]
    assert found["additions"] == 2 * border * 3 * 20 * 2  # counts x inputs x channels of a group
