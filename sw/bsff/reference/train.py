"""Training and testing on arrays."""

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from bsff.config import Config
from bsff.config.schedule import share, spans
from bsff.errors import DataError
from bsff.golden.state import NetworkState

from .checkpoint import Place, load, save
from .layer import PAPER
from .network import Network
from .rule import Rule
from .transfer import begin_as

Array = npt.NDArray[np.generic]
CALIBRATION = 256
"""Samples from which the initial weights are scaled."""
SAVE_SECONDS = 120.0
"""Between two checkpoints."""


@dataclass(frozen=True)
class Accuracy:
    """Fractions of samples predicted correctly."""

    layers: tuple[float, ...]
    """By the goodness of each layer alone."""
    head: float | None
    """By the softmax head; None without one."""

    @property
    def goodness(self) -> float:
        """By the goodness of the last layer."""
        return self.layers[-1]


@dataclass(frozen=True)
class Epoch:
    """What is known after an epoch."""

    epoch: int
    test: Accuracy
    learning: tuple[bool, ...]
    """Which layers learnt in it."""
    seconds: float
    """Wall-clock time of its training, without the test."""


def _arrays(pixels: Array, labels: Array) -> tuple[torch.Tensor, torch.Tensor]:
    if pixels.ndim != 4 or pixels.dtype != np.uint8:
        raise DataError(f"pixels {pixels.dtype} {pixels.shape}: expected uint8 [samples, height, width, colours]")
    if labels.shape != pixels.shape[:1]:
        raise DataError(f"labels {labels.shape}: expected one per sample, {pixels.shape[:1]}")
    return torch.from_numpy(pixels.copy()), torch.from_numpy(labels.astype(np.int64))


def evaluate(
    network: Network, pixels: Array, labels: Array, *, draws: int = 1, batch_size: int = 250, seed: int = 0
) -> Accuracy:
    """Accuracy of every predictor.

    Parameters
    ----------
    network : Network
        The network; its running statistics are used.
    pixels : ndarray of uint8
        [samples, height, width, colours]
    labels : ndarray of int
        [samples]
    draws : int
        Presentations of each sample, whose scores are summed: p-bits answer differently each time.
    batch_size, seed : int
        Samples of a batch, and seed of the random numbers.
    """
    device = network.layers[0].taps.weight.device
    generator = torch.Generator(device).manual_seed(seed)
    x, y = _arrays(pixels, labels)
    network.eval()
    right = torch.zeros(len(network.layers) + 1, dtype=torch.float64)
    for i in range(0, len(x), batch_size):
        total: list[torch.Tensor] = []
        for _ in range(draws):
            scores, logits = network(x[i : i + batch_size].to(device), generator)
            shown = scores if logits is None else [*scores, logits]
            total = [a + b for a, b in zip(total, shown, strict=True)] if total else shown
        for k, score in enumerate(total):
            right[k] += (score.argmax(1).cpu() == y[i : i + batch_size]).sum()
    fractions = (right / len(x)).tolist()
    return Accuracy(tuple(fractions[:-1]), fractions[-1] if network.head is not None else None)


def augmented(x: torch.Tensor, config: Config, generator: torch.Generator) -> torch.Tensor:
    """Images [batch, height, width, colours] moved and mirrored at random, as `bsff.training.augment` does it for the machine."""
    shift, (n, height, width, _) = config.training.shift, x.shape
    if config.training.flip:
        mirrored = torch.rand(n, generator=generator, device=x.device) < 0.5
        x = torch.where(mirrored[:, None, None, None], x.flip(2), x)
    if shift:
        moves = torch.randint(-shift, shift + 1, (2, n, 1), generator=generator, device=x.device)
        rows, columns = (
            (torch.arange(side, device=x.device) - move).clamp(0, side - 1)
            for side, move in zip((height, width), moves, strict=True)
        )
        x = x[torch.arange(n, device=x.device)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return x


def fit(
    config: Config,
    pixels: Array,
    labels: Array,
    test_pixels: Array,
    test_labels: Array,
    *,
    variant: str = "bsff",
    batch_size: int = 50,
    epochs: int | None = None,
    seed: int | None = None,
    device: str | None = None,
    real_input: bool | None = None,
    begin: NetworkState | None = None,
    rule: Rule = PAPER,
    keep: Path | None = None,
) -> tuple[Network, list[Epoch]]:
    """Train a network and test it after every epoch.

    Parameters
    ----------
    config : Config
        Network, encoding, schedule of the learning rate, staggered start and stop of the layers.
    pixels, test_pixels : ndarray of uint8
        [samples, height, width, colours]
    labels, test_labels : ndarray of int
        [samples]
    variant, real_input, rule
        See `Network`.
    batch_size : int
        Samples per step.
    epochs, seed : int, optional
        Default: those of the configuration.
    device : str, optional
        Default: ``cuda`` where there is one, else ``cpu``.
    begin : NetworkState, optional
        Begin with a machine's weights instead of random ones, see `transfer.begin_as`.
    keep : Path, optional
        A checkpoint is written there every `SAVE_SECONDS`; if it exists, the training goes on from it, and ends with the
        same bits as one that was not stopped (on the same kind of processor).

    Returns
    -------
    Network
        The trained network.
    list of Epoch
        One per epoch.
    """
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    epochs = config.training.epochs if epochs is None else epochs
    config = dataclasses.replace(config, training=dataclasses.replace(config.training, epochs=epochs))
    learning = spans(config)
    seed = config.training.seed if seed is None else seed
    x, y = (t.to(device) for t in _arrays(pixels, labels))
    generator = torch.Generator(device).manual_seed(seed)
    height, width, colours = pixels.shape[1:]
    shape = (height, width, colours)
    network = Network(config, shape, variant=variant, real_input=real_input, seed=seed, rule=rule).to(device)
    first = torch.randperm(len(x), generator=generator, device=device)[:CALIBRATION]
    if begin is None:
        network.calibrate(x[first], generator)
    else:
        begin_as(network, begin, x[first], generator)
    place = Place()
    if keep is not None and keep.exists():
        place = load(keep, config, network, generator)
    saved = time.monotonic()
    for epoch in range(place.epoch, epochs):
        start = time.monotonic() - place.seconds
        if place.order is None:
            place.order = torch.randperm(len(x), generator=generator, device=device)
        for i in range(place.sample, len(x), batch_size):
            for learner, span in zip(network.learners(), learning.values(), strict=True):
                falls = share(config.training.schedule, span, epoch + i / len(x))
                learner.optimiser.param_groups[0]["lr"] = learner.rate * falls
            batch = place.order[i : i + batch_size]
            network.learn(augmented(x[batch], config, generator), y[batch], epoch, generator)
            place.sample, place.seconds = i + batch_size, time.monotonic() - start
            if keep is not None and time.monotonic() - saved > SAVE_SECONDS:
                save(keep, config, network, generator, place)
                saved = time.monotonic()
        test = evaluate(network, test_pixels, test_labels, draws=config.training.test_draws, seed=seed)
        own = tuple(learning[f"layer{number}"].learns(epoch) for number in range(1, len(network.layers) + 1))
        record = Epoch(epoch, test, own, place.seconds)
        place = Place(epoch + 1, history=[*place.history, dataclasses.asdict(record)])
    return network, [Epoch(**{**each, "test": Accuracy(**each["test"])}) for each in place.history]
