"""`Classifier` on tables, images, many classes and signals: it learns, and the Verilog learns the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from machines import unequal
from own_sets import pictures, signals
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.model_selection import train_test_split

from bsff import Classifier
from bsff.config import parse


def accuracy(model: Classifier, samples: object, labels: object) -> float:
    a, b, c, d = train_test_split(samples, labels, test_size=0.25, stratify=labels, random_state=1)
    return float(model.fit(a, c).score(b, d))


@pytest.mark.slow
def test_digits() -> None:
    data = load_digits()
    model = Classifier(device="emulated", epochs=8)
    assert accuracy(model, data.images, data.target) > 0.93
    assert model.config_.data.shape == (8, 8, 1)
    assert len(model.history_) == 8


@pytest.mark.parametrize(("load", "least"), [(load_wine, 0.9), (load_breast_cancer, 0.92)])
def test_tables(load: object, least: float) -> None:
    samples, labels = load(return_X_y=True)  # type: ignore[operator]
    model = Classifier(device="emulated", epochs=40)
    assert accuracy(model, samples, labels) > least
    assert model.config_.layers[0].kind == "dense"
    assert model.scaling_.rule == "quantiles"


@pytest.mark.slow
def test_26_letters(rng: np.random.Generator) -> None:
    """As large as EMNIST, with letters as labels."""
    images, labels = pictures(26, 780, (28, 28, 1), rng)
    letters = np.array([chr(ord("a") + k) for k in range(26)])
    model = Classifier(device="emulated", epochs=4)
    assert accuracy(model, images, letters[labels]) > 0.9
    assert model.classes_.tolist() == letters.tolist()
    assert [layer.channels for layer in model.config_.layers] == [52, 104]


@pytest.mark.long
def test_100_classes_in_colour(rng: np.random.Generator) -> None:
    """As large as CIFAR-100."""
    images, labels = pictures(100, 500, (32, 32, 3), rng)
    model = Classifier(device="emulated", epochs=2, draws=4)
    assert accuracy(model, images, labels) > 0.8
    assert model.predict_proba(images[:5]).shape == (5, 100)


def test_signals_of_five_classes(rng: np.random.Generator) -> None:
    samples, labels = signals(5, 500, 40, rng)
    model = Classifier(device="emulated", epochs=10)
    assert accuracy(model, samples, labels) > 0.9
    assert [layer.kind for layer in model.config_.layers] == ["conv", "conv"]


SMALL = {"table": (3, 3), "signal": (5, 1), "letters": (26, 1)}
"""Classes, and channels of a class, of machines that are small enough to simulate."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["letters", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("table", "signal"))]
)
def test_the_verilog_learns_the_same_bits(kind: str, rng: np.random.Generator) -> None:
    classes, members = SMALL[kind]
    layer = {"channels": classes * members, "temperature": 20.0, "step": 0.03}
    if kind == "table":
        samples, labels = load_wine(return_X_y=True)
        chosen = rng.permutation(len(labels))[:40]
        samples, labels = samples[chosen], labels[chosen]
        layer["kind"] = "dense"
    elif kind == "signal":
        samples, labels = signals(classes, 30, 16, rng)
        layer |= {"kernel": 5, "padding": 2, "pool": 2}
    else:
        samples, labels = pictures(classes, 52, (8, 8, 1), rng)
        layer |= {"pool": 2}
    config = parse({"data": {"dataset": "own", "encoding": "threshold"}, "layer": [layer]}, source=kind)
    models = [
        Classifier(config, device=device, epochs=1, draws=1).fit(samples, labels) for device in ("emulated", "rtl")
    ]
    assert [model.device_ for model in models] == ["emulated", "rtl"]
    assert unequal(models[0].state_, models[1].state_) == []
    assert models[0].predict_proba(samples[:6]).tolist() == models[1].predict_proba(samples[:6]).tolist()
    for model in models:
        model.close()
