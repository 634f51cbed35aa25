"""What people train today, for comparison: the same layers with ReLU, end to end by backpropagation."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from bsff.config import Config

from .encode import real
from .layer import taps
from .network import Network


class Backpropagation(nn.Module):
    """Convolutions and pools of a configuration, a linear classifier on the last map, one softmax loss, Adam.

    Parameters
    ----------
    config : Config
        Kernels, channels, padding, pools and groups are used; the rest belongs to the machine.
    shape : tuple of int
        Height, width and colours of an image.
    seed : int
        Of the initial weights.
    rate : float
        Learning rate of Adam.
    """

    def __init__(self, config: Config, shape: tuple[int, int, int], *, seed: int = 0, rate: float = 1e-3) -> None:
        super().__init__()
        like = Network(config, shape, variant="real", seed=seed).layers
        self.taps = nn.ModuleList([layer.taps for layer in like])
        with torch.no_grad():
            for layer in like:
                layer.taps.weight.mul_(2**0.5)  # K. He et al., Delving deep into rectifiers, 2015, eq. 10
        self.sizes = [(layer.padding, layer.window) for layer in like]
        channels, height, width = like[-1].shape
        self.head = taps(channels * height * width, config.data.class_count, 1, torch.Generator().manual_seed(seed))
        self.optimiser = torch.optim.Adam(self.parameters(), lr=rate)

    def input(self, pixels: Tensor, _generator: torch.Generator) -> Tensor:
        """Pixels 0..1, [batch, colours, height, width], from uint8 [batch, height, width, colours]."""
        return real(pixels)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, [batch, classes]."""
        for convolution, (padding, window) in zip(self.taps, self.sizes, strict=True):
            above, left = padding
            x = functional.relu(convolution(functional.pad(x, [left, left, above, above])))
            x = functional.max_pool2d(x, window) if max(window) > 1 else x
        logits: Tensor = self.head(x.flatten(1)[:, :, None, None])
        return logits.flatten(1)

    def learn(self, pixels: Tensor, labels: Tensor, _epoch: int, generator: torch.Generator) -> None:
        """One step on a batch; the arguments are those of `Network.learn`."""
        loss = functional.cross_entropy(self(self.input(pixels, generator)), labels)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
