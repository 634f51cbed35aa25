"""Operations of a training sample, counted while the golden model learns, by M and with or without its gate."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bsff.config import load, override
from bsff.contract.formats import COUNTERS
from bsff.contract.geometry import Geometry
from bsff.data import load_dataset
from bsff.instruments.energy import Counts, Energies, count
from bsff.machine import Accelerator
from bsff.machine.devices import open_device
from bsff.machine.initialise import initialise
from bsff.training.train import order

from .processes import PROCESSES

BASELINES = ("real forward-forward", "backpropagation")
LOOK = 1000
"""Samples over which is counted, after the training."""


@dataclass(frozen=True)
class Counted:
    """A trained network."""

    network: str
    tile: int
    """M, p-bits a unit."""
    shape: Geometry
    counters: NDArray[np.int64]
    """Shape (blocks, len(COUNTERS)), of `LOOK` samples."""
    learnt: float
    """Share of the samples from which a layer learns, the mean over layers."""
    active: float
    """Share of the taps of the layers that are on."""


def counted(network: str, tile: int, presentations: int, folder: Path | None) -> Counted:
    """Train a built-in network with M = `tile` on the golden model, then count.

    Parameters
    ----------
    network : str
    tile : int
    presentations : int
        Training samples before the counters are read.
    folder : Path, optional
        Of the data sets.
    """
    plain = load(network)
    config = override(plain, [f"layer[{k}].tile={tile}" for k in range(1, len(plain.layers) + 1)])
    data = load_dataset(config.data, folder=folder)
    epochs = -(-(presentations + LOOK) // len(data.train_labels))
    chosen = np.concatenate([order(config, epoch, len(data.train_labels)) for epoch in range(epochs)])
    learn, look = chosen[:presentations], chosen[presentations : presentations + LOOK]
    with Accelerator(open_device("emulated", config), config, timeout=3600.0) as machine:
        shape = machine.geometry
        machine.load(initialise(config, shape, data.train_images))
        parts = list(config.blocks.values())
        machine.set_steps([part.step for part in parts])
        machine.set_learning([True] * len(parts))
        machine.present(data.train_images[learn], data.train_labels[learn], learn=True)
        machine.clear_counters()
        machine.present(data.train_images[look], data.train_labels[look], learn=True)
        counters = machine.counters()[:, : len(COUNTERS)]
    layers = counters[: len(shape.layers)].astype(float)
    place = {name: k for k, name in enumerate(COUNTERS)}
    taps = np.array([layer.positions * layer.taps * layer.config.groups for layer in shape.layers])
    learnt = layers[:, place["updates"]] / layers[:, place["samples"]]
    active = layers[:, place["taps"]] / layers[:, place["samples"]]
    return Counted(network, tile, shape, counters, float(learnt.mean()), float(active.sum() / taps.sum()))


def ungated(counters: NDArray[np.int64]) -> NDArray[np.int64]:
    """The counters if every sample had been learnt from; its active taps are taken to be as many as those of the learnt ones."""
    place = {name: k for k, name in enumerate(COUNTERS)}
    changed = counters.copy()
    samples, updates = counters[:, place["samples"]], counters[:, place["updates"]]
    changed[:, place["updates"]] = samples
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(updates > 0, counters[:, place["update_taps"]] / updates, counters[:, place["taps"]] / samples)
    changed[:, place["update_taps"]] = np.round(each * samples).astype(np.int64)
    return changed


def machine_groups(counted: Counted, *, gate: bool) -> dict[str, NDArray[np.float64]]:
    """Picojoules of this machine by group, over the processes."""
    counters = counted.counters if gate else ungated(counted.counters)
    rows = [_sums(count(counted.shape, counters, "bgbsff", each.energies)) for each in PROCESSES]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _sums(counts: Counts) -> dict[str, float]:
    pbits = sum(n * each for kind, (n, each) in counts.operations.items() if kind.startswith("p-bits"))
    return {"memory": counts.memory, "p-bits": pbits, "arithmetic": counts.picojoules - counts.memory - pbits}


def baseline_groups(counted: Counted, algorithm: str) -> dict[str, NDArray[np.float64]]:
    """Picojoules of a real-valued algorithm on the same network by group, over the processes."""
    rows = [
        _real(count(counted.shape, counted.counters, algorithm, each.energies), each.energies) for each in PROCESSES
    ]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _real(counts: Counts, each: Energies) -> dict[str, float]:
    number = counts.operations["multiply-adds (float)"][0]
    priced = {kind: n * price for kind, (n, price) in counts.operations.items()}
    return {
        "additions": number * each.float_add,
        "multiplications": number * each.float_multiply,
        "weights": priced["memory, weights"],
        "activations": priced["memory, activations"],
    }
