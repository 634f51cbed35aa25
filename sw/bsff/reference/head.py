"""The softmax classifier that reads the last layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..config import CLASSES, HeadConfig
from .layer import Map, taps


class Head(nn.Module):
    """Softmax classifier on the last layer's map; nothing flows back into the layer.

    Parameters
    ----------
    config : HeadConfig
        ``pool`` and the epochs in which it learns.
    shape : tuple of int
        Channels, height and width of the last map.
    learning_rate : float
        Of Adam.
    generator : torch.Generator
        Draws the initial weights.
    """

    def __init__(
        self, config: HeadConfig, shape: tuple[int, int, int], *, learning_rate: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.config = config
        side = (-(-shape[1] // config.pool), -(-shape[2] // config.pool))
        self.taps = taps(shape[0], CLASSES, side, generator)
        self.optimiser = torch.optim.Adam(self.taps.parameters(), lr=learning_rate)

    def learns(self, epoch: int) -> bool:
        """Staggered termination, as for a layer."""
        return epoch >= self.config.start_epoch and not 0 < self.config.stop_epoch <= epoch

    def forward(self, below: Map) -> Tensor:
        """Logits, [batch, classes]."""
        x = below.x.detach()
        logits: Tensor = self.taps(functional.max_pool2d(x, 2, ceil_mode=True) if self.config.pool == 2 else x)
        return logits.flatten(1)

    def learn(self, below: Map, labels: Tensor) -> None:
        """One step of Adam on the cross-entropy."""
        self.optimiser.zero_grad()
        functional.cross_entropy(self(below), labels).backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
