"""Absorb the normalisation of each layer into the weights of the next, so that its input is plain counts.

A layer reads ``z = s n + t`` (per channel), and ``sum_i W_i (s_i n_i + t_i) = sum_i (W_i s_i) n_i + sum_i W_i t_i``:
its new weights are ``W s``, its new bias is ``b + W t``.

At the border this holds only if an absent tap counts as a unit that did not fire, z = t, and not as z = 0: with
zeros, the bias would have to differ from border position to border position. So `Layer.preactivation` pads the
counts and not the normalised map (our choice), and padding costs the machine nothing.

Pooling comes before the normalisation and needs no thought; the head pools z, which gives the same since s > 0: a maximum of
z is s times that of n, plus t, and a sum over k positions is s times that of n, plus k t.
"""

import copy

import torch
from torch import Tensor, nn

from .head import Head
from .network import Network


@torch.no_grad()
def fold(taps: nn.Conv2d, scale: Tensor, shift: Tensor) -> None:
    """Make `taps` of n equal to what it was of ``scale * n + shift``, every tap being present.

    Parameters
    ----------
    taps : nn.Conv2d
        Changed in place; may be grouped.
    scale, shift : Tensor
        Per input channel, [channels_in].
    """
    assert taps.bias is not None
    weight = taps.weight.view(taps.groups, -1, *taps.weight.shape[1:])  # group, out, in, row, column
    taps.bias += (weight * shift.view(taps.groups, 1, -1, 1, 1)).sum((2, 3, 4)).flatten()
    weight *= scale.view(taps.groups, 1, -1, 1, 1)


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
            fold(absorbed.layers[i + 1].taps, scale, shift)
        if head is not None and i in columns:
            _fold_head(head, i, columns[i], scale, shift)
        layer.hands_on_counts = True
    return absorbed


@torch.no_grad()
def _fold_head(head: Head, layer: int, part: slice, scale: Tensor, shift: Tensor) -> None:
    """`fold` for the part of the head's inputs that come from a layer; channels run fastest in it."""
    assert head.taps.bias is not None
    (source,) = (each for each in head.shape.sources if each.layer == layer)
    weight = head.taps.weight[:, part, 0, 0]
    every = part.stop - part.start
    head.taps.bias += weight @ (shift.repeat(every // len(shift)) * head.of_ones(source))
    weight *= scale.repeat(every // len(scale))
