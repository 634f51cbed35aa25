"""What a head could read from layers that stand still: ``python -m bsff.studies.readout RUN --read 1/2,2/2 --unit-bits 9 12``.

Softmax regressions in floats, trained like the machine's head (one sample at a time, plain gradient, a falling step), on the bits of
a trained run. Sources, windows and the unit to which an update is rounded are free, so that the part that loses accuracy can be
found without training the layers again. Samples that the run was not trained on are held out: the run must have been trained with
``data.train_samples`` below the size of the training set.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from bsff.config import Config
from bsff.contract.geometry import geometry
from bsff.data import Dataset, load_dataset
from bsff.errors import ConfigError
from bsff.golden import pool
from bsff.golden.engine import pipeline
from bsff.golden.results import Results
from bsff.golden.state import NetworkState
from bsff.tools.program import command
from bsff.training.run import RunDirectory

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Source:
    """A map that is read."""

    layer: int
    """From 1."""
    window: int = 1
    """Side of the windows of which the largest count is taken."""


def sources(text: str) -> tuple[Source, ...]:
    """Parse ``LAYER[/WINDOW],...``.

    Raises
    ------
    ConfigError
        If it is something else.
    """
    try:
        return tuple(Source(*map(int, part.split("/"))) for part in text.split(","))
    except (ValueError, TypeError):
        raise ConfigError(
            f"--read {text}: expected layers with windows, LAYER[/WINDOW] separated by commas, such as 1/2,2"
        ) from None


def maps(config: Config, state: NetworkState, pixels: Bytes) -> list[Bytes]:
    """Output maps of all layers, which do not learn.

    Parameters
    ----------
    state : NetworkState
        Its generators move on, its learn flags are cleared.
    pixels : array of uint8, shape (N, H, W, C)

    Returns
    -------
    list of arrays of uint8, shape (N, H', W', C')
    """
    shape = geometry(config)
    for part in state.layers:
        part.learn[...] = False
    labels = np.zeros(len(pixels), np.uint8)
    results = Results.empty(len(pixels), len(shape.predictors), shape.classes)
    stages = pipeline.chain(config, shape, state, labels, results)[: 1 + len(shape.layers)]
    made: list[list[Bytes]] = [[] for _ in shape.layers]
    for start in range(0, len(pixels), pipeline.BLOCK):
        block = slice(start, min(start + pipeline.BLOCK, len(pixels)))
        values = stages[0].work([np.ascontiguousarray(pixels[block])], block)
        for kept, stage in zip(made, stages[1:], strict=True):
            values = stage.work([values], block)
            kept.append(values)
    return [np.concatenate(each) for each in made]


def inputs(made: Sequence[Any], read: Sequence[Source]) -> Bytes:
    """What a regression reads, shape (N, rows), as `golden.head.inputs` does."""
    pooled = (pool.pool_up(made[source.layer - 1], source.window, "max") for source in read)
    return np.concatenate([each.reshape(len(each), -1).astype(np.uint8) for each in pooled], -1)


@njit(nogil=True, cache=True)
def _learn(inputs, labels, order, weights, bias, first, last, unit, gate):  # type: ignore[no-untyped-def]
    """Present samples in `order` while the step falls from `first` to `last`; returns how many were classified right."""
    classes, right = bias.size, 0
    listed = np.empty(inputs.shape[1], np.int64)
    for turn in range(order.size):
        n, count = order[turn], 0
        logits = bias.copy()
        for i in range(inputs.shape[1]):
            if inputs[n, i]:
                listed[count] = i
                count += 1
                for c in range(classes):
                    logits[c] += inputs[n, i] * weights[i, c]
        right += logits.argmax() == labels[n]
        error = np.exp(logits - logits.max())
        error /= -error.sum()
        error[labels[n]] += 1
        if error[labels[n]] < gate:
            continue
        step = first + (last - first) * turn / order.size
        for k in range(count):
            for c in range(classes):
                change = step * error[c] * inputs[n, listed[k]]
                if unit > 0:
                    change = unit * np.floor(change / unit + np.random.random())
                weights[listed[k], c] += change
        for c in range(classes):
            bias[c] += step * error[c]
    return right


@njit(cache=True)
def _seed(seed):  # type: ignore[no-untyped-def]
    np.random.seed(seed)  # of the compiled code's own generator


@dataclass(frozen=True)
class Readout:
    """A regression that was trained."""

    weights: NDArray[np.float64]
    """Shape (rows, classes)."""
    bias: NDArray[np.float64]
    """Shape (classes,)."""
    accuracy: float
    """On its training samples while it learnt, in its last epoch."""

    def logits(self, inputs: Bytes) -> NDArray[np.float64]:
        """Shape (N, classes)."""
        return np.asarray(inputs @ self.weights + self.bias)


def fit(
    inputs: Bytes, labels: Bytes, classes: int, *, step: float, epochs: int, unit_bits: int | None = None, seed: int = 0,
    gate: float = 0.02,
) -> Readout:  # fmt: skip
    """Train a regression: ``dW[i,c] = eta e[c] x[i]`` one sample at a time, eta falling to 0.

    Parameters
    ----------
    inputs : array of uint8, shape (N, rows)
    labels : array of uint8, shape (N,)
    step : float
        eta at the start.
    unit_bits : int, optional
        Updates of weights are rounded at random to multiples of ``2**-unit_bits``; by default they are not.
    gate : float
        No update while the error of the sample's class is below this.
    """
    weights, bias = np.zeros((inputs.shape[1], classes)), np.zeros(classes)
    unit = 0.0 if unit_bits is None else 2.0**-unit_bits
    _seed(seed)
    right = 0
    for epoch in range(epochs):
        order = np.random.default_rng([seed, epoch]).permutation(len(labels))
        first, last = (step * (epochs - place) / epochs for place in (epoch, epoch + 1))
        right = _learn(inputs, labels, order, weights, bias, first, last, unit, gate)
    return Readout(weights, bias, right / max(len(labels), 1))


def split(config: Config, folder: Path | None) -> tuple[Dataset, Dataset]:
    """The samples that a run was trained on, and those of the training set that it never saw, as the test set of the second.

    Raises
    ------
    ConfigError
        If it was trained on all of them.
    """
    count = config.data.train_samples
    data = load_dataset(replace(config.data, train_samples=0), folder=folder)
    if not 0 < count < len(data.train_labels):
        raise ConfigError(
            f"data.train_samples = {count}: the run was trained on the whole training set and leaves nothing to hold out; "
            f"train with --set data.train_samples={len(data.train_labels) * 9 // 10}"
        )
    seen = replace(data, train_images=data.train_images[:count], train_labels=data.train_labels[:count])
    return seen, replace(data, test_images=data.train_images[count:], test_labels=data.train_labels[count:])


@command("readout")
def main(words: Sequence[str] | None = None, /) -> int:
    """Print a row for each choice of sources and unit."""
    parser = argparse.ArgumentParser(prog="python -m bsff.studies.readout", description=__doc__.partition(":")[0])
    parser.add_argument("run", type=Path, metavar="RUN", help="a directory that `bsff train` wrote")
    parser.add_argument("--read", nargs="+", default=["1", "2"], metavar="LAYER[/WINDOW],...", help="maps to read")
    parser.add_argument("--unit-bits", nargs="+", type=int, default=[], metavar="F", help="round updates to 2^-F")
    parser.add_argument("--step", type=float, default=0.0008)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--draws", type=int, default=2, help="of the held-out samples")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the data files")
    chosen = parser.parse_args(words)
    config, state, _ = RunDirectory(chosen.run).load()
    wanted = {text: sources(text) for text in chosen.read}
    for text, read in wanted.items():
        for source in read:
            if not 1 <= source.layer <= len(state.layers) or source.window < 1:
                raise ConfigError(f"--read {text}: expected layers 1 to {len(state.layers)}, windows from 1")
    seen, held = split(config, chosen.data)
    made = maps(config, state, seen.train_images)
    tested = [maps(config, state, held.test_images) for _ in range(chosen.draws)]
    print(
        f"{chosen.run}, {len(seen.train_labels):,} training samples, {len(held.test_labels):,} held out, step {chosen.step:g}, {chosen.epochs} epochs, seed {chosen.seed}\n"
    )
    print(f"| maps | inputs | on, % | unit | training, % | one draw, % | {chosen.draws} draws, % |")
    print("|---|---|---|---|---|---|---|")
    for text, read in wanted.items():
        rows = inputs(made, read)
        share = float((rows > 0).mean())
        each = [inputs(one, read) for one in tested]
        for bits in [None, *chosen.unit_bits]:
            readout = fit(
                rows, seen.train_labels, len(seen.classes), step=chosen.step, epochs=chosen.epochs, unit_bits=bits, seed=chosen.seed
            )  # fmt: skip
            logits = [readout.logits(one) for one in each]
            one, every = (
                float((total.argmax(-1) == held.test_labels).mean()) for total in (logits[0], np.sum(logits, 0))
            )
            unit = "none" if bits is None else f"2^-{bits}"
            print(
                f"| {text} | {rows.shape[1]:,} | {100 * share:.1f} | {unit} | {100 * readout.accuracy:.2f} | {100 * one:.2f} | {100 * every:.2f} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
