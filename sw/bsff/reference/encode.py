"""From 8-bit pixels to the bits that the first layer sees."""

from __future__ import annotations

import torch
from torch import Tensor

from bsff.config import DataConfig


def planes(data: DataConfig) -> int:
    """Bits per pixel and colour that the encoding makes."""
    return {"thermometer": len(data.levels), "bitplanes": data.planes}.get(data.encoding, 1)


def encode(pixels: Tensor, data: DataConfig, generator: torch.Generator) -> Tensor:
    """Encode pixels as binary planes.

    Parameters
    ----------
    pixels : Tensor
        uint8, [batch, height, width, colours].
    data : DataConfig
        ``threshold`` and ``thermometer``: bit k is ``pixel >= levels[k]``. ``bernoulli``: ``byte < pixel`` for a
        uniform random byte, so P(1) = pixel / 256. ``bitplanes``: the `planes` most significant bits, highest first.
    generator : torch.Generator
        Draws the random bytes; on the device of `pixels`.

    Returns
    -------
    Tensor
        float32 zeros and ones, [batch, colours * planes, height, width], the planes of a colour side by side.
    """
    x = pixels.permute(0, 3, 1, 2)
    if data.encoding == "bernoulli":
        bits = [torch.randint(256, x.shape, generator=generator, device=x.device) < x]
    elif data.encoding == "bitplanes":
        bits = [(x >> (7 - k)) & 1 for k in range(data.planes)]
    else:
        bits = [x >= level for level in data.levels]
    return torch.stack(bits, dim=2).flatten(1, 2).float()


def real(pixels: Tensor) -> Tensor:
    """Pixels as real numbers 0..1, [batch, colours, height, width]: the paper's first layer reads these."""
    return pixels.permute(0, 3, 1, 2).float() / 255
