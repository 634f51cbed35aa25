"""The network: a chain of layers that each learn by themselves, and a head."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from bsff import config as configuration
from bsff.config.schedule import spans
from bsff.contract.geometry import geometry, planes

from .encode import encode, real
from .head import Head
from .layer import PAPER, Layer, Map
from .rule import Rule

VARIANTS = ("bsff", "real")


class Prediction(NamedTuple):
    """Class scores of a batch."""

    goodness: list[Tensor]
    """One per layer, [batch, classes]."""
    logits: Tensor | None
    """Of the head, [batch, classes]."""


class Network(nn.Module):
    """All layers of a configuration.

    Parameters
    ----------
    config : Config
        The same that describes the machine; what only the machine has (bits, steps, gates, folding) is ignored.
    shape : tuple of int
        Height, width and colours of an image.
    variant : str
        ``bsff``: p-bits. ``real``: the real-valued CwC-FF with ReLU.
    real_input : bool, optional
        The first layer reads pixel/255 (the paper) instead of encoded bits (the machine). Default: with ``real``.
    seed : int
        Seed of the initial weights.
    rule : Rule
        How layers and head learn; default: as in the paper.
    """

    layers: list[Layer]

    def __init__(
        self,
        config: configuration.Config,
        shape: tuple[int, int, int],
        *,
        variant: str = "bsff",
        real_input: bool | None = None,
        seed: int = 0,
        rule: Rule = PAPER,
    ) -> None:
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"variant {variant!r}: expected one of {', '.join(VARIANTS)}")
        self.config, self.real_input = config, variant == "real" if real_input is None else real_input
        generator = torch.Generator().manual_seed(seed)
        height, width, colours = shape
        below = (colours if self.real_input else colours * planes(config.data), height, width)
        layers = []
        for c in config.layers:
            layers.append(Layer(c, below, config.data.class_count, variant=variant, generator=generator, rule=rule))
            below = layers[-1].shape
        self.layers = nn.ModuleList(layers)  # type: ignore[assignment]
        head = geometry(config).head
        self.head = None if head is None else Head(head, generator=generator, rule=rule)

    def learners(self) -> list[Layer | Head]:
        """All layers, then the head if there is one."""
        return [*self.layers, *([self.head] if self.head is not None else [])]

    def input(self, pixels: Tensor, generator: torch.Generator) -> Map:
        """The first layer's input map, from uint8 pixels [batch, height, width, colours]."""
        x = real(pixels) if self.real_input else encode(pixels, self.config.data, generator)
        x = x.to(self.layers[0].taps.weight.dtype)
        return Map.plain(x)

    @torch.no_grad()
    def calibrate(self, pixels: Tensor, generator: torch.Generator) -> None:
        """Initialise layer after layer from data, see `Layer.calibrate`."""
        self.eval()
        below = self.input(pixels, generator)
        for layer in self.layers:
            layer.calibrate(below, generator)
            below, _ = layer(below, generator)

    def learn(self, pixels: Tensor, labels: Tensor, epoch: int, generator: torch.Generator) -> None:
        """Every layer that learns in this epoch takes one step, on this batch and on its own loss.

        A frozen layer passes its map on with fixed statistics; neither its weights nor its normalisation change.
        """
        below, maps = self.input(pixels, generator), []
        learning = spans(self.config)
        for number, layer in enumerate(self.layers, 1):
            if layer.train(learning[f"layer{number}"].learns(epoch)).training:
                below = layer.learn(below, labels, generator)
            else:
                with torch.no_grad():
                    below, _ = layer(below, generator)
            maps.append(below)
        if self.head is not None and learning["head"].learns(epoch):
            self.head.learn(maps, labels, generator)

    @torch.no_grad()
    def forward(self, pixels: Tensor, generator: torch.Generator) -> Prediction:
        """Goodness of every layer and logits of the head for uint8 pixels [batch, height, width, colours]."""
        below, maps, scores = self.input(pixels, generator), [], []
        for layer in self.layers:
            below, g = layer(below, generator)
            maps.append(below)
            scores.append(g)
        return Prediction(scores, self.head(maps) if self.head is not None else None)
