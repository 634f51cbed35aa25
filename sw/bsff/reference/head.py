"""The softmax classifier that reads the last layer."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from bsff.config import HeadConfig

from .layer import PAPER, Map, taps
from .rule import Rule, descend, gated_loss, make_optimiser


class Head(nn.Module):
    """Softmax classifier on the last layer's map; nothing flows back into the layer.

    Parameters
    ----------
    config : HeadConfig
        ``pool`` and the epochs in which it learns.
    shape : tuple of int
        Channels, height and width of the last map.
    classes : int
    generator : torch.Generator
        Draws the initial weights.
    rule : Rule
        The learning rule, as for a layer.
    """

    def __init__(
        self,
        config: HeadConfig,
        shape: tuple[int, int, int],
        classes: int,
        *,
        generator: torch.Generator,
        rule: Rule = PAPER,
    ) -> None:
        super().__init__()
        self.config, self.rule = config, rule
        side = (-(-shape[1] // config.pool), -(-shape[2] // config.pool))
        self.taps = taps(shape[0], classes, side, generator)
        # the plain gradient is the machine's step
        self.rate = config.step if rule.optimiser == "sgd" else rule.learning_rate
        self.optimiser = make_optimiser(rule, self.taps, self.rate)

    def forward(self, below: Map) -> Tensor:
        """Logits, [batch, classes]."""
        x = below.x.detach()
        logits: Tensor = self.taps(functional.max_pool2d(x, 2, ceil_mode=True) if self.config.pool == 2 else x)
        return logits.flatten(1)

    def learn(self, below: Map, labels: Tensor, generator: torch.Generator) -> None:
        """One step on the cross-entropy."""
        loss = gated_loss(self(below), labels, self.config.gate if self.rule.gated else None)
        descend(loss, self.optimiser, self.taps.weight, self.config, self.rule, generator)
