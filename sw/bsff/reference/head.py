"""The softmax classifier that reads the maps of layers."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from bsff.contract.geometry import HeadGeometry, HeadSource

from .layer import PAPER, Map, taps
from .rule import Rule, descend, gated_loss, make_optimiser


class Head(nn.Module):
    """Softmax classifier on the maps of layers; nothing flows back into them.

    Parameters
    ----------
    shape : HeadGeometry
        The maps that it reads and how they are pooled, the classes, and the epochs in which it learns.
    generator : torch.Generator
        Draws the initial weights.
    rule : Rule
        The learning rule, as for a layer.

    Attributes
    ----------
    taps : nn.Conv2d
        A 1x1 convolution over the inputs of all sources, one after another, each in the order row, column, channel.
    """

    def __init__(self, shape: HeadGeometry, *, generator: torch.Generator, rule: Rule = PAPER) -> None:
        super().__init__()
        self.config, self.shape, self.rule = shape.config, shape, rule
        self.taps = taps(shape.rows, shape.classes, 1, generator)
        # the plain gradient is the machine's step
        self.rate = shape.config.step if rule.optimiser == "sgd" else rule.learning_rate
        self.optimiser = make_optimiser(rule, self.taps, self.rate)

    def forward(self, maps: Sequence[Map]) -> Tensor:
        """Logits, [batch, classes], from the maps of all layers."""
        inputs = [self.read(maps[source.layer].detach(), source) for source in self.shape.sources]
        logits: Tensor = self.taps(torch.cat(inputs, 1)[:, :, None, None])
        return logits.flatten(1)

    def read(self, below: Map, source: HeadSource) -> Tensor:
        """What the head reads of a layer's normalised map: pooled first, which gives the same since the scale is positive.

        A maximum of z is scale times that of n, plus shift; a sum over k positions is scale times that of n, plus k shift.
        """
        n = self.pooled(below.n, source)
        every = n.shape[1] // len(below.scale)  # channels run fastest
        return n * below.scale.repeat(every) + below.shift.repeat(every) * self.of_ones(source)

    def pooled(self, x: Tensor, source: HeadSource) -> Tensor:
        """What the head reads of a layer's map [batch, channels, height, width]: [batch, rows of the source].

        The windows of an odd edge are smaller.
        """
        if source.window > 1 and self.config.pooling == "max":
            x = functional.max_pool2d(x, source.window, ceil_mode=True)
        elif source.window > 1:
            x = functional.avg_pool2d(x, source.window, ceil_mode=True, divisor_override=1)
        return x.permute(0, 2, 3, 1).flatten(1)

    def of_ones(self, source: HeadSource) -> Tensor:
        """What a map of ones is after the pool: [rows of the source]; with ``sum`` the positions of each window."""
        height, width, channels = source.map
        return self.pooled(self.taps.weight.new_ones(1, channels, height, width), source)[0]

    def columns(self) -> dict[int, slice]:
        """For each layer that is read, by index, its part of the inputs."""
        ends = [0]
        for source in self.shape.sources:
            ends.append(ends[-1] + source.rows)
        return {source.layer: slice(*ends[i : i + 2]) for i, source in enumerate(self.shape.sources)}

    def learn(self, maps: Sequence[Map], labels: Tensor, generator: torch.Generator) -> None:
        """One step on the cross-entropy."""
        loss = gated_loss(self(maps), labels, self.config.gate if self.rule.gated else None)
        descend(loss, self.optimiser, self.taps.weight, self.config, self.rule, generator)
