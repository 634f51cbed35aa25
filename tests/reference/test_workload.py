"""The float reference as a workload: states, samples, the rate of the traffic; backpropagation as people do it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bsff.config import parse
from bsff.contract.geometry import geometry
from bsff.errors import ConfigError, DeviceError
from bsff.reference.backpropagation import Backpropagation
from bsff.reference.workload import VARIANTS, ReferenceWorkload

TWO = {
    "layer": [{"channels": 20, "kernel": 3, "pool": 2}, {"channels": 10, "kernel": 3, "groups": 10}],
    "training": {"schedule": "staggered", "epochs": 8},
}


class Clock:
    """Time in which a look at it takes a millisecond, and a sleep what it is asked for."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, 0.0

    def __call__(self) -> float:
        self.now += 1e-3
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


def samples(rng: np.random.Generator, count: int = 100) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(count) % 10
    pixels = rng.integers(0, 60, (count, 8, 8, 1), dtype=np.uint8)
    pixels[np.arange(count), labels % 8, labels // 8] = 255
    return pixels, labels


@pytest.mark.parametrize("variant", VARIANTS)
def test_states(rng: np.random.Generator, variant: str) -> None:
    clock = Clock()
    pixels, labels = samples(rng)
    work = ReferenceWorkload(
        parse(TWO, source="two"),
        pixels,
        labels,
        variant=variant,
        batch=30,
        device="cpu",
        clock=clock,
        sleep=clock.sleep,
    )
    assert work.machine is None
    before = [each.detach().clone() for each in work._network.parameters()]
    assert work.run("idle", 2.0) == 0
    assert clock.slept == 2.0
    learn = work._network.learn

    def slow(*arguments: object) -> None:
        learn(*arguments)  # type: ignore[arg-type]
        clock.now += 0.02

    work._network.learn = slow  # type: ignore[method-assign,assignment]
    trained = work.run("training", 0.1)
    assert trained >= 30
    assert trained % 30 == 0
    after = [each.detach().clone() for each in work._network.parameters()]
    # staggered schedules too: every layer and the head learn
    assert all(
        not torch.equal(a, b) for a, b in zip(before, after, strict=True) if a.numel() > 10 or a.any() or b.any()
    )
    sent = work.run("traffic", 2.0)
    assert all(torch.equal(a, b) for a, b in zip(after, work._network.parameters(), strict=True))
    assert sent / 2.0 == pytest.approx(work._rate, rel=0.3)  # at the rate of training, though it could go faster


def test_impossible_workloads_are_refused(rng: np.random.Generator) -> None:
    config, (pixels, labels) = parse(TWO, source="two"), samples(rng)
    for batch in (0, 101):
        with pytest.raises(ConfigError, match=f"--batch {batch}: expected 1 to 100"):
            ReferenceWorkload(config, pixels, labels, variant="real", batch=batch, device="cpu")
    if not torch.cuda.is_available():
        with pytest.raises(DeviceError, match="--device cuda: PyTorch sees no GPU"):
            ReferenceWorkload(config, pixels, labels, variant="real", batch=10, device="cuda")


def test_backpropagation_learns_with_the_same_weights(rng: np.random.Generator) -> None:
    config = parse(TWO, source="two")
    pixels, labels = samples(rng, 200)
    network = Backpropagation(config, (8, 8, 1), seed=1, rate=3e-3)
    assert [each.weight.numel() for each in network.taps] == [layer.weights for layer in geometry(config).layers]
    x, y, generator = torch.from_numpy(pixels), torch.from_numpy(labels), torch.Generator()
    first = network.taps[0].weight.detach().clone()
    for _ in range(60):
        network.learn(x, y, 0, generator)
    assert not torch.equal(first, network.taps[0].weight)  # the loss reaches the first layer
    right = (network(network.input(x, generator)).argmax(1) == y).float().mean()
    assert right > 0.9
