"""From 8-bit pixels to the bits that the first layer sees."""

import torch
from torch import Tensor

from bsff.config import ENCODINGS, DataConfig


def encode(pixels: Tensor, data: DataConfig, generator: torch.Generator) -> Tensor:
    """Encode pixels as binary planes, as `bsff.config.ENCODINGS` says.

    Parameters
    ----------
    pixels : Tensor
        uint8, [batch, height, width, colours].
    generator : torch.Generator
        Draws the random bytes; on the device of `pixels`.

    Returns
    -------
    Tensor
        float32 zeros and ones, [batch, colours * planes, height, width], the planes of a colour side by side.
    """
    x, encoding = pixels.permute(0, 3, 1, 2), ENCODINGS[data.encoding]
    drawn = torch.randint(256, x.shape, generator=generator, device=x.device) if encoding.random else None
    return torch.stack(encoding.bits(x, data, drawn), dim=2).flatten(1, 2).float()


def real(pixels: Tensor) -> Tensor:
    """Pixels as real numbers 0..1, [batch, colours, height, width]: the paper's first layer reads these."""
    return pixels.permute(0, 3, 1, 2).float() / 255
