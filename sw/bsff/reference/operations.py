"""Operations that one training sample costs, for the curve of accuracy against energy."""

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from .layer import Layer
from .network import Network


@torch.no_grad()
def operations(network: Network, pixels: npt.NDArray[np.uint8], *, seed: int = 0) -> dict[str, object]:
    """Multiply-accumulates or additions of the products of a training sample, averaged over `pixels`.

    Forward pass and update of the layers each cost one such operation a present input and weight of its receptive field: a
    multiply-accumulate where the input is a real number, an addition for each count of a firing count (zeros cost
    nothing; a count of n costs n). Normalisation, p-bits, loss, optimiser and head are not counted.

    Parameters
    ----------
    pixels : ndarray of uint8
        [samples, height, width, colours]

    Returns
    -------
    dict
        ``macs`` and ``additions`` per sample, whole numbers; ``firing``: mean firing count of each layer (real-valued:
        mean activation).
    """
    network.eval()
    device = network.layers[0].taps.weight.device
    generator = torch.Generator(device).manual_seed(seed)
    x = torch.from_numpy(pixels.copy()).to(device)
    below = network.input(x, generator)
    counts, real = below.n, network.real_input
    macs = additions = 0.0
    firing = []
    for layer in network.layers:
        dense = _products(torch.ones_like(counts[:1]), layer)
        if real:
            macs += 2 * dense
        else:
            additions += 2 * _products(counts, layer) / len(x)
        counts = layer.activation(layer.preactivation(below), generator)
        firing.append(round(float(counts.mean()), 4))
        below, _ = layer(below, generator)
        real = layer.variant == "real"
    return {"macs": round(macs), "additions": round(additions), "firing": firing}


def _products(counts: torch.Tensor, layer: Layer) -> float:
    """Sum over samples, positions and taps of the counts, times the channels that each tap feeds."""
    own = layer.taps.weight.shape[1]
    kernel = counts.new_ones(layer.taps.groups, own, *layer.taps.kernel_size)
    sums = functional.conv2d(counts, kernel, padding=layer.padding, groups=layer.taps.groups)
    return float(sums.double().sum()) * layer.taps.out_channels / layer.taps.groups
