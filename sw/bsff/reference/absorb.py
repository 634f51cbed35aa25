"""Absorb the normalisation of each layer into the weights of the next, so that its input is plain counts.

A layer that reads ``z = s n + t`` (per channel) does so with the weights ``W s`` and the bias ``b + W t`` (`layer.reading`); here
they become its own. Pooling comes before the normalisation and needs no thought; for the head see `Head.read`.
"""

import copy

import torch
from torch import Tensor

from .head import Head
from .layer import reading
from .network import Network


@torch.no_grad()
def absorb(network: Network) -> Network:
    """A copy for inference in which every layer after the first reads firing counts 0..M.

    Pre-activations, goodness and logits are those of ``network.eval()``, up to the rounding of floats.
    """
    absorbed = copy.deepcopy(network).eval()
    head = absorbed.head
    columns = head.columns() if head is not None else {}
    for i, layer in enumerate(absorbed.layers):
        scale, shift = layer.norm.affine()
        if i + 1 < len(absorbed.layers):
            taps = absorbed.layers[i + 1].taps
            assert taps.bias is not None
            weight, bias = reading(taps, scale, shift)
            taps.weight.copy_(weight)
            taps.bias.copy_(bias)
        if head is not None and i in columns:
            _fold_head(head, i, columns[i], scale, shift)
        layer.hands_on_counts = True
    return absorbed


@torch.no_grad()
def _fold_head(head: Head, layer: int, part: slice, scale: Tensor, shift: Tensor) -> None:
    """The same for the part of the head's inputs that come from a layer; channels run fastest in it."""
    assert head.taps.bias is not None
    (source,) = (each for each in head.shape.sources if each.layer == layer)
    weight = head.taps.weight[:, part, 0, 0]
    every = part.stop - part.start
    head.taps.bias += weight @ (shift.repeat(every // len(shift)) * head.of_ones(source))
    weight *= scale.repeat(every // len(scale))
