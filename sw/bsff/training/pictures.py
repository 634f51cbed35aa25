"""Pictures of a run: learning curve, firing rates, confusion matrix, first-layer weights."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bsff.contract.formats import MEAN_BITS
from bsff.contract.geometry import Geometry
from bsff.golden.state import NetworkState
from bsff.tools.files import write_atomic

DPI = 120
COUNTS_MOST = 30
"""Most classes with which counts can be read in a confusion matrix."""
NAMES = ("learning_curve.png", "firing_rates.png", "confusion.png", "first_layer.png")


def _save(figure: Figure, path: Path) -> None:
    write_atomic(path, lambda file: figure.savefig(file, dpi=DPI, format="png"))
    plt.close(figure)


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)


def learning_curve(epochs: list[dict[str, Any]], path: Path) -> None:
    """Test accuracy and training loss of every predictor against the epoch."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    numbers = [e["epoch"] for e in epochs]
    marker = "o" if len(epochs) < 40 else None
    for name in epochs[0]["test"]:
        left.plot(numbers, [100 * e["test"][name] for e in epochs], marker=marker, markersize=3, label=name)
        right.plot(numbers, [e["train"][name]["loss"] for e in epochs], marker=marker, markersize=3, label=name)
    left.set(xlabel="epoch", ylabel="test accuracy, one draw (%)", title="Test accuracy")
    right.set(xlabel="epoch", ylabel="cross-entropy (nats)", title="Training loss", ylim=(0, None))
    for axes in (left, right):
        axes.xaxis.get_major_locator().set_params(integer=True)
        _tidy(axes)
    left.legend(frameon=False, fontsize=9)
    _save(figure, path)


def firing_rates(geometry: Geometry, state: NetworkState, path: Path) -> None:
    """Distribution over channels of the mean firing rate of each layer, from the running means."""
    layers = [
        (i, g, s)
        for i, (g, s) in enumerate(zip(geometry.layers, state.layers, strict=True), 1)
        if g.config.normalisation == "running"
    ]
    figure, grid = plt.subplots(
        1, max(len(layers), 1), figsize=(max(3.0 * len(layers), 3.5), 3), squeeze=False, layout="constrained"
    )
    for axes, (number, shape, part) in zip(grid[0], layers, strict=False):
        rates = part.mean / 2**MEAN_BITS / (shape.outputs * shape.config.tile)
        axes.hist(100 * rates, bins=30, color=f"C{number - 1}")
        axes.axvline(100 * rates.mean(), color="0.2", linewidth=1, linestyle="--")
        pooled = " after the pool" if shape.config.pool == 2 else ""
        axes.set(title=f"layer {number}: mean {100 * rates.mean():.1f} %", xlabel=f"firing rate{pooled} (%)")
        _tidy(axes)
    grid[0, 0].set_ylabel("channels")
    if not layers:
        grid[0, 0].text(0.5, 0.5, "no layer keeps running means", ha="center", transform=grid[0, 0].transAxes)
    _save(figure, path)


def confusion(table: NDArray[np.int64], classes: tuple[str, ...], title: str, path: Path) -> None:
    """Confusion matrix in per cent of each label, with the counts written in where there is room for them."""
    share = 100 * table / np.maximum(table.sum(1, keepdims=True), 1)
    side = min(max(5.0, 0.28 * len(classes)), 16.0)
    figure, axes = plt.subplots(figsize=(side + 0.6, side), layout="constrained")
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=100)
    for (row, column), count in np.ndenumerate(table):
        if count and len(classes) <= COUNTS_MOST:
            colour = "white" if share[row, column] > 55 else "black"
            axes.text(column, row, str(count), ha="center", va="center", fontsize=7, color=colour)
    ticks = range(len(classes))
    size = 10 if len(classes) <= COUNTS_MOST else 6
    rotation = 0 if max(map(len, classes)) <= 2 else 45 if len(classes) <= COUNTS_MOST else 90
    axes.set_xticks(ticks, classes, rotation=rotation, fontsize=size)
    axes.set_yticks(ticks, classes, fontsize=size)
    axes.set(xlabel="prediction", ylabel="label", title=title)
    figure.colorbar(image, ax=axes, label="share of the label (%)", shrink=0.85)
    _save(figure, path)


def first_layer(geometry: Geometry, state: NetworkState, path: Path, *, most: int = 80) -> None:
    """Kernels of the first layer, averaged over its input channels; a dense layer's as pictures of the input."""
    shape = geometry.layers[0]
    weights = state.layers[0].weights[0] / 2**shape.config.fraction_bits
    if shape.config.kind == "dense":
        height, width, channels = geometry.encoded
    else:
        height, width, channels = *shape.kernel, shape.inputs[2]
    kernels = weights.reshape(height, width, channels, -1).mean(2).transpose(2, 0, 1)[:most]
    columns = min(10, len(kernels))
    rows = -(-len(kernels) // columns)
    limit = float(np.abs(kernels).max()) or 1.0
    figure, grid = plt.subplots(
        rows, columns, figsize=(0.75 * columns + 1.4, 0.78 * rows + 0.7), squeeze=False, layout="constrained"
    )
    for axes in grid.flat:
        axes.set_axis_off()
    images = [
        axes.imshow(kernel, cmap="RdBu_r", vmin=-limit, vmax=limit)
        for axes, kernel in zip(grid.flat, kernels, strict=False)
    ]
    figure.suptitle(f"first-layer weights, {len(kernels)} of {shape.config.channels} channels", fontsize=10)
    figure.colorbar(images[0], ax=grid, shrink=0.8, label="weight")
    _save(figure, path)


def all_pictures(
    folder: Path,
    geometry: Geometry,
    state: NetworkState,
    epochs: list[dict[str, Any]],
    final: dict[str, Any],
    classes: tuple[str, ...],
) -> list[Path]:
    """Every picture that the run's data allow; returns their paths."""
    paths = [folder / name for name in NAMES]
    if epochs:
        learning_curve(epochs, paths[0])
    firing_rates(geometry, state, paths[1])
    title = f"{final['predictor']}: {100 * final['test_accuracy']:.2f} % of {final['test_samples']}"
    confusion(np.array(final["confusion"]), classes, title, paths[2])
    first_layer(geometry, state, paths[3])
    return [path for path in paths if path.exists()]
