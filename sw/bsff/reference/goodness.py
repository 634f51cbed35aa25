"""Normalisation of the activation, goodness of each class, and the local loss."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from .rule import gated_loss

EPSILON = 1e-3
"""Added to a channel's variance: a channel that almost never fires must not turn one bit into a huge value."""

BATCH_MOMENTUM = 0.1
"""Weight of the newest batch in BatchNorm's running statistics (PyTorch's usual value)."""


class Sums(NamedTuple):
    """All that normalisation and goodness need of a map of activations n, found in one walk over it."""

    first: Tensor
    """[batch, channels]: sum of n over the positions."""
    second: Tensor
    """[batch, channels]: sum of n squared."""
    positions: int

    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean and variance of each channel over batch and positions, each [channels]."""
        count = len(self.first) * self.positions
        mean = self.first.sum(0) / count
        return mean, (self.second.sum(0) / count - mean.square()).clamp(min=0)


def sums(n: Tensor) -> Sums:
    """The sums of a map [batch, channels, height, width]."""
    return Sums(n.sum((2, 3)), n.square().sum((2, 3)), n.shape[2] * n.shape[3])


class Normalisation(nn.Module):
    """Per-channel affine map ``z = scale * n + shift`` of the pooled activation.

    Being affine with a positive scale, it commutes with max-pooling and can be absorbed into whatever
    linear map reads z (`absorb`). It has no trained parameters (our choice).

    Parameters
    ----------
    kind : str
        ``batchnorm``: mean 0 and variance 1 per channel, over the batch and all positions (the paper).
        ``running``: subtract a running mean firing count (ours). ``none``: z = n (the paper's ablation).
    channels : int
        Output channels of the layer.
    momentum_shift : int
        ``running`` forgets over ``2**momentum_shift`` samples.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, kind: str, channels: int, *, momentum_shift: int) -> None:
        super().__init__()
        self.kind, self.keep = kind, 1 - 2.0**-momentum_shift
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))

    @torch.no_grad()
    def observe(self, mean: Tensor, variance: Tensor, weight: float) -> None:
        """Move the running statistics (shape [channels]) by `weight` towards those given."""
        self.mean.lerp_(mean, weight)
        self.variance.lerp_(variance, weight)

    def affine(self) -> tuple[Tensor, Tensor]:
        """Scale and shift, each [channels], from the running statistics."""
        return self._affine(self.mean, self.variance)

    def _affine(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        if self.kind == "none":
            return torch.ones_like(mean), torch.zeros_like(mean)
        if self.kind == "running":
            return torch.ones_like(mean), -mean
        scale = (variance + EPSILON).rsqrt()
        return scale, -mean * scale

    def forward(self, seen: Sums) -> tuple[Tensor, Tensor]:
        """Scale and shift for the activations whose sums are `seen`.

        While training, `batchnorm` uses (and differentiates) the statistics of this batch, `running` the mean of
        earlier batches, and both move their running statistics.
        """
        if not self.training or self.kind == "none":
            return self.affine()
        mean, variance = seen.moments()
        affine = self._affine(mean, variance) if self.kind == "batchnorm" else self.affine()
        self.observe(mean, variance, BATCH_MOMENTUM if self.kind == "batchnorm" else 1 - self.keep ** len(seen.first))
        return affine


def goodness(seen: Sums, scale: Tensor, shift: Tensor, classes: int, *, squared: bool) -> Tensor:
    """Goodness of each class: the mean of z or z squared, ``z = scale n + shift``, over the class's channels and all positions.

    Parameters
    ----------
    seen : Sums
        Of the activations n; class c of K owns the c-th of K equal runs of channels.
    scale, shift : Tensor
        Of the normalisation, [channels].
    squared : bool
        Squared with BatchNorm and without normalisation (the paper), linear with a running mean (ours: a
        bit that did not fire lies below its mean, where the slope of a square has the wrong sign).

    Returns
    -------
    Tensor
        [batch, classes]
    """
    first, second, positions = seen
    if squared:
        each = scale.square() * second + 2 * scale * shift * first + positions * shift.square()
    else:
        each = scale * first + positions * shift
    return each.view(len(each), classes, -1).mean(2) / positions


def local_loss(g: Tensor, labels: Tensor, temperature: float, *, gate: float | None = None) -> Tensor | None:
    """Channel-wise competitive loss: cross-entropy of ``softmax(temperature * g)``, mean over the batch; see `gated_loss`."""
    return gated_loss(temperature * g, labels, gate)
