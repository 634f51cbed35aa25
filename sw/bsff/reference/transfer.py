"""A float network that begins where a machine does: same weights, same biases, same function of the input bits."""

from typing import Any

import numpy as np
import torch

from bsff.contract.formats import BIAS_BITS
from bsff.golden.state import NetworkState

from .goodness import sums
from .layer import Map, reading
from .network import Network


def _tensor(array: Any, like: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.asarray(array, np.float64).copy()).to(like)


@torch.no_grad()
def begin_as(network: Network, state: NetworkState, pixels: torch.Tensor, generator: torch.Generator) -> None:
    """Take over a machine's weights and biases, and statistics from `pixels`.

    A layer of the reference reads its input less the running mean, the machine reads it plain; the bias takes up the
    difference, ``b + W mean``, so that both compute the same pre-activations.

    Parameters
    ----------
    network : Network
        A network of the configuration that the state belongs to.
    pixels : tensor of uint8
        [samples, height, width, colours], for the statistics of the normalisation.
    """
    network.eval()
    below, maps = network.input(pixels, generator), []
    for layer, part in zip(network.layers, state.layers, strict=True):
        config, weight = layer.config, layer.taps.weight
        groups, taps, width = part.weights.shape
        kernel = layer.taps.kernel_size
        rows = part.weights.reshape(groups, kernel[0], kernel[1], taps // (kernel[0] * kernel[1]), width)
        unit = 2.0**-config.fraction_bits
        weight.copy_(_tensor(rows.transpose(0, 4, 3, 1, 2), weight).reshape(weight.shape) * unit)
        _set_bias(layer.taps, part.bias * unit * 2.0**-BIAS_BITS, _missing(layer.taps, below))
        layer.norm.observe(*sums(layer.activation(layer.preactivation(below), generator)).moments(), 1.0)
        below, _ = layer(below, generator)
        maps.append(below)
    if network.head is not None and state.head is not None:
        head = network.head
        weight, unit = head.taps.weight, 2.0**-head.config.fraction_bits
        weight.copy_(_tensor(state.head.weights.T[:, :, None, None], weight) * unit)
        missing = sum(
            weight[:, part, 0, 0]
            @ head.pooled(maps[i].shift[None, :, None, None].expand(1, -1, *maps[i].n.shape[2:]), s)[0]
            for (i, part), s in zip(head.columns().items(), head.shape.sources, strict=True)
        )
        _set_bias(head.taps, state.head.bias * unit * 2.0**-BIAS_BITS, missing)


def _missing(taps: torch.nn.Conv2d, below: Map) -> torch.Tensor:
    """What the taps of a layer see of a map in which nothing fires: [channels]."""
    assert taps.bias is not None
    return reading(taps, below.scale, below.shift)[1] - taps.bias


def _set_bias(taps: torch.nn.Conv2d, bias: Any, missing: Any) -> None:
    """The machine's bias, less what the taps see of a map in which nothing fires."""
    assert taps.bias is not None
    taps.bias.copy_(_tensor(bias, taps.bias) - missing)
