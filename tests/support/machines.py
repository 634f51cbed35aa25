"""Random machines for the tests: configurations, states, samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bsff.config import Config, parse
from bsff.contract.check import check
from bsff.contract.geometry import Geometry
from bsff.errors import ConfigError
from bsff.golden.state import NetworkState, blank


def random_config(rng: np.random.Generator) -> Config:
    """A small network that uses any of the machine's features: digits, or samples of any shape and number of classes."""
    while True:
        try:
            config = parse(_table(rng, _own_data(rng) if rng.integers(2) else {}), source="random")
            check(config)
        except ConfigError:  # such as a map that vanishes: draw again
            continue
        return config


def random_table(rng: np.random.Generator) -> dict[str, Any]:
    """A configuration of any number of classes and any shape, unchecked; some cannot be."""
    table = _table(rng, _own_data(rng, most=256))
    if rng.random() < 0.2:
        layer = table["layer"][int(rng.integers(len(table["layer"])))]
        layer |= [{"channels": layer["channels"] + 1}, {"groups": 3}, {"kernel": 7, "padding": 0}][int(rng.integers(3))]
    return table


def _table(rng: np.random.Generator, own: dict[str, Any]) -> dict[str, Any]:
    classes = own.get("classes", 10)
    layers: list[dict[str, Any]] = []
    for i in range(int(rng.integers(1, 4))):
        kernel = int(rng.choice([1, 2, 3, 5]))
        layers.append({
            "channels": classes * int(rng.integers(1, 4 if classes <= 10 else 2)), "kernel": kernel,
            "padding": int(rng.integers(0, min(kernel, 4))), "pool": int(rng.choice([1, 2])),
            "groups": int(rng.choice([1, classes])) if i else 1, "tile": int(rng.choice([1, 2, 3])),
            "eligibility": str(rng.choice(["boxcar", "xor"])), "boxcar": float(rng.choice([0.5, 2.0])),
            "normalisation": str(rng.choice(["running", "none"])), "centre": bool(rng.integers(2)),
            "momentum_shift": int(rng.integers(1, 9)), "weight_bits": int(rng.choice([8, 12, 16])),
            "fraction_bits": int(rng.choice([4, 7])), "noise": float(rng.choice([0.03125, 0.25, 1.0])),
            "firing": float(rng.choice([0.0, 0.1, 0.4])), "firing_step": float(rng.choice([0.001, 0.02, 1.0])),
        })  # fmt: skip
    if rng.integers(2):
        layers.append({"kind": "dense", "channels": 2 * classes, "tile": int(rng.choice([1, 2]))})
    data = {**own, "encoding": str(rng.choice(["threshold", "bernoulli", "bitplanes", "thermometer"]))}
    sources = sorted(rng.choice(len(layers), int(rng.integers(len(layers) + 1)), replace=False) + 1)
    pools = rng.choice([1, 2, 4], max(len(sources), 1)) if rng.integers(2) else rng.choice([1, 2, 4], 1)
    head = {
        "enabled": bool(rng.integers(4)), "layers": [int(s) for s in sources], "pool": [int(p) for p in pools],
        "pooling": str(rng.choice(["max", "sum"])),
    }  # fmt: skip
    training = {"predictor": "head" if head["enabled"] else "goodness"}
    return {"layer": layers, "data": data, "head": head, "training": training}


def _own_data(rng: np.random.Generator, *, most: int = 26) -> dict[str, Any]:
    """Keys of the section ``data`` for samples of any shape, half of them of one row, and any number of classes up to `most`."""
    row = bool(rng.integers(2))
    sides = [1, int(rng.integers(2, 24))] if row else [int(rng.integers(2, 9)), int(rng.integers(1, 9))]
    classes = int(rng.choice([c for c in (2, 3, 7, 16, 26, 100, 256) if c <= most]))
    return {"dataset": "own", "input": [*sides, int(rng.integers(1, 4))], "classes": classes}


def buildable(draw: Callable[[], Config]) -> Config:
    """The first configuration drawn that the gateware can be built for."""
    from bsff_hw.plan import plan

    while True:
        config = draw()
        try:
            plan(config)
        except ConfigError:  # such as a dense layer behind a large map, or a folding that does not fit
            continue
        return config


def small_machine(rng: np.random.Generator, *, cycles: float = float("inf")) -> Config:
    """A configuration that can be built, whose machine Verilator compiles in seconds.

    Parameters
    ----------
    cycles : float
        Longest that its slowest block may take for a sample, by the formula.
    """
    from bsff_hw.plan.folding import settle

    while True:
        config = buildable(lambda: _parsed(rng))
        weights = max(layer.weights for layer in check(config).layers)
        if weights < 40_000 and config.data.class_count <= 100 and settle(config, 0.5).cycles <= cycles:
            return config


def _parsed(rng: np.random.Generator) -> Config:
    """The next random configuration that can be."""
    while True:
        try:
            config = parse(random_table(rng), source="random")
            check(config)
        except ConfigError:  # such as a map that vanishes: draw again
            continue
        return config


def random_state(shape: Geometry, rng: np.random.Generator) -> NetworkState:
    """A state with every word random, extremes included, that fires and learns."""
    state = blank(shape)
    state.encoder[...] = rng.integers(1, 2**64 - 1, dtype=np.uint64)
    for layer, part in zip(shape.layers, state.layers, strict=True):
        top = 2 ** (layer.config.weight_bits - 1)
        narrow = np.clip(rng.normal(0, top / 8, part.weights.shape), -top, top - 1)
        extreme = rng.random(part.weights.shape) < 0.02
        part.weights[:] = np.where(extreme, rng.choice([-top, top - 1], part.weights.shape), narrow)
        part.bias[:] = rng.normal(0, 2 ** (layer.config.fraction_bits + 8), part.bias.shape)
        part.mean[:] = rng.integers(0, 2**16 * layer.outputs, part.mean.shape) * (
            layer.config.normalisation == "running"
        )
        part.activity[...] = rng.integers(0, 256 * int(np.prod(layer.inputs)))
        part.step[...] = rng.integers(1, 5000)
        part.scale[...] = rng.integers(100, 4000)
        part.gate[...] = rng.integers(0, 3000)
        part.learn[...] = rng.random() < 0.8
        for stream in (part.pbits, part.rounding):
            stream[...] = rng.integers(1, 2**64 - 1, dtype=np.uint64)
    if state.head is not None:
        state.head.weights[:] = rng.integers(-2048, 2048, state.head.weights.shape)
        state.head.bias[:] = rng.integers(-50_000, 50_000, state.head.bias.shape)
        state.head.rounding[...] = rng.integers(1, 2**64 - 1, dtype=np.uint64)
        state.head.step[...] = rng.integers(1, 60_000)
        state.head.gate[...] = rng.integers(0, 3000)
        state.head.learn[...] = True
    return state


def random_samples(shape: Geometry, rng: np.random.Generator, count: int) -> tuple[Any, Any]:
    """Pixels uint8 (N, H, W, C) with many zeros, and labels uint8 (N,)."""
    pixels = rng.integers(0, 256, (count, *shape.pixels), dtype=np.uint8)
    pixels[rng.random(pixels.shape) < 0.5] = 0
    return pixels, rng.integers(0, shape.classes, count, dtype=np.uint8)


def unequal(a: NetworkState, b: NetworkState) -> list[str]:
    """Names of the arrays in which two states differ."""
    return [name for (name, one), (_, two) in zip(a.arrays(), b.arrays(), strict=True) if (one != two).any()]
