"""One layer that learns by itself."""

from typing import NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from bsff.config import LayerConfig

from .goodness import Normalisation, goodness, local_loss, sums
from .pbit import area, sample
from .rule import Rule, descend, make_optimiser

PAPER = Rule()


class Map(NamedTuple):
    """What one layer hands to the next: activations n, and the affine map of their normalisation, ``z = scale n + shift``.

    z itself is not made: whoever reads the map puts scale and shift into its own weights (`reading`).
    """

    n: Tensor
    """[batch, channels, height, width]: activations after the pool; firing counts, or ReLU."""
    scale: Tensor
    """[channels]"""
    shift: Tensor
    """[channels]: z where no unit fired, and so of a tap beyond the border."""

    @classmethod
    def plain(cls, n: Tensor) -> Self:
        """Activations that are read as they are."""
        return cls(n, n.new_ones(n.shape[1]), n.new_zeros(n.shape[1]))

    def detach(self) -> Self:
        """The same without gradients."""
        return type(self)(*(part.detach() for part in self))


def reading(taps: nn.Conv2d, scale: Tensor, shift: Tensor) -> tuple[Tensor, Tensor]:
    """Weights and bias with which plain activations give what `taps` give of the normalised map.

    ``sum_i W_i (s_i n_i + t_i) = sum_i (W_i s_i) n_i + sum_i W_i t_i``, where a tap beyond the border counts as a unit that
    did not fire, z = t, and not as z = 0: with zeros, the bias would have to differ from border position to border
    position (our choice), and padding costs the machine nothing.

    Parameters
    ----------
    taps : nn.Conv2d
        May be grouped.
    scale, shift : Tensor
        Of the map that is read, [channels_in]; no gradient leaves through them.
    """
    assert taps.bias is not None
    weight = taps.weight.view(taps.groups, -1, *taps.weight.shape[1:])  # group, out, in, row, column
    scale, shift = (part.detach().view(taps.groups, 1, -1, 1, 1) for part in (scale, shift))
    bias = taps.bias + (weight * shift).sum((2, 3, 4)).flatten()
    return (weight * scale).view_as(taps.weight), bias


def taps(
    channels_in: int, channels: int, kernel: int | tuple[int, int], generator: torch.Generator, *, groups: int = 1
) -> nn.Conv2d:
    """Weights ``W[i,j]`` and biases ``b[j]``; with a kernel as large as the map, every output sees all of it."""
    conv = nn.Conv2d(channels_in, channels, kernel, groups=groups)
    assert conv.bias is not None
    with torch.no_grad():
        conv.weight.normal_(generator=generator).div_(conv.weight[0].numel() ** 0.5)
        conv.bias.zero_()
    return conv


class Layer(nn.Module):
    """Convolution or dense map, p-bits, pooling, normalisation, goodness; own loss, own optimiser.

    Parameters
    ----------
    config : LayerConfig
        Keys of the machine alone (bits, step, gate, target of firing, folding) are ignored, and so is ``centre``: the next layer always
        reads the normalised map, which for ``running`` is the same as centring its inputs.
    shape : tuple of int
        Channels, height and width of the input map; one of height 1 has kernels, padding and pools of one row.
    classes : int
    variant : str
        ``bsff``: tiles of p-bits. ``real``: ReLU (the real-valued CwC-FF).
    generator : torch.Generator
        Draws the initial weights.
    rule : Rule
        How the layer learns; default: as in the paper.

    Attributes
    ----------
    padding, window : tuple of int
        Height and width of the zeros around the map, and of a window of the pool.
    rate : float
        Learning rate at the start. With plain gradient that with which a step equals the machine's expected one,
        ``step * n / T`` times the area of the eligibility: the gradient of the local loss carries T over the n units of
        a class's goodness, the machine's update does not.
    """

    def __init__(
        self,
        config: LayerConfig,
        shape: tuple[int, int, int],
        classes: int,
        *,
        variant: str,
        generator: torch.Generator,
        rule: Rule = PAPER,
    ) -> None:
        super().__init__()
        self.config, self.variant, self.rule = config, variant, rule
        channels_in, height, width = shape
        dense = config.kind == "dense"
        row = height == 1
        self.classes = classes
        self.padding = (0, 0) if dense else (0 if row else config.padding, config.padding)
        kernel = (height, width) if dense else (1 if row else config.kernel, config.kernel)
        self.taps = taps(channels_in, config.channels, kernel, generator, groups=config.groups)
        self.norm = Normalisation(config.normalisation, config.channels, momentum_shift=config.momentum_shift)
        self.hands_on_counts = False  # see `absorb`
        height, width = (
            side + 2 * padding - reach + 1
            for side, padding, reach in zip((height, width), self.padding, kernel, strict=True)
        )
        self.window = (1 if height == 1 else config.pool, config.pool)
        self.shape = (config.channels, height // self.window[0], width // self.window[1])
        units = config.channels // classes * self.shape[1] * self.shape[2]
        machine = config.step * units / config.temperature * area(config.eligibility, config.boxcar, config.noise)
        self.rate = machine if rule.optimiser == "sgd" else rule.learning_rate
        self.optimiser = make_optimiser(rule, self.taps, self.rate)

    def preactivation(self, below: Map) -> Tensor:
        """``a[p,j] = b[j] + sum over taps i of W[i,j] z[p,i]``; no gradient leaves through the input."""
        weight, bias = reading(self.taps, below.scale, below.shift)
        return functional.conv2d(below.n.detach(), weight, bias, padding=self.padding, groups=self.taps.groups)

    def activation(self, a: Tensor, generator: torch.Generator) -> Tensor:
        """Firing counts 0..M of the p-bits, or ReLU, pooled; ties go to the first in raster order."""
        c = self.config
        n = (
            sample(a, c.tile, c.eligibility, c.boxcar, generator, noise=c.noise)
            if self.variant == "bsff"
            else functional.relu(a)
        )
        return functional.max_pool2d(n, self.window) if c.pool == 2 else n

    def forward(self, below: Map, generator: torch.Generator) -> tuple[Map, Tensor]:
        """The map for the next layer and the goodness [batch, classes]."""
        n = self.activation(self.preactivation(below), generator)
        seen = sums(n)
        scale, shift = self.norm(seen)
        above = Map(n, scale, shift)
        plain = Map.plain(n)
        judged = plain if self.rule.loss_before_norm else above
        g = goodness(seen, judged.scale, judged.shift, self.classes, squared=self.config.normalisation != "running")
        return plain if self.hands_on_counts else above, g

    def learn(self, below: Map, labels: Tensor, generator: torch.Generator) -> Map:
        """One step on the local loss; returns the map that was computed before the step."""
        above, g = self(below, generator)
        loss = local_loss(g, labels, self.config.temperature, gate=self.config.gate if self.rule.gated else None)
        descend(loss, self.optimiser, self.taps.weight, self.config, self.rule, generator)
        return above.detach()

    @torch.no_grad()
    def calibrate(self, below: Map, generator: torch.Generator) -> None:
        """Give every channel's pre-activations the configured mean and spread on this batch.

        Mean 0 and spread 1 for ``real``. Channels that see no input keep their weights. The running statistics of the
        normalisation start from the same batch.
        """
        c = self.config
        mean, std = (c.init_mean, c.init_std) if self.variant == "bsff" else (0.0, 1.0)
        spread, centre = torch.std_mean(self.preactivation(below), dim=(0, 2, 3), correction=0)
        gain = torch.where(spread > 1e-6, std / spread, 1.0)
        self.taps.weight *= gain.view(-1, 1, 1, 1)
        assert self.taps.bias is not None
        self.taps.bias.copy_(mean - gain * centre)
        self.norm.observe(*sums(self.activation(self.preactivation(below), generator)).moments(), 1.0)
