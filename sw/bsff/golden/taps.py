"""Input taps: which inputs each position of a layer sees, and the binary-indexed sum of weight rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bsff.contract.geometry import LayerGeometry

Ints = NDArray[np.int64]


def gather(inputs: Ints, layer: LayerGeometry) -> Ints:
    """The taps of every position.

    Parameters
    ----------
    inputs : array of int, shape (R, H, W, C)
        Input map.

    Returns
    -------
    array of int, shape (R, groups, positions, taps)
        Tap ``(ky * kernel + kx) * C/groups + c`` of group g at position (y, x) is channel ``g * C/groups + c`` of the
        input at (y + ky - padding, x + kx - padding), 0 outside the map.
    """
    replicas = inputs.shape[0]
    kernel, pad, groups = layer.kernel, layer.padding, layer.config.groups
    if layer.config.kind == "dense":
        inputs = inputs.reshape(replicas, 1, 1, -1)
    padded = np.pad(inputs, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), axis=(1, 2))
    split = windows.reshape(replicas, layer.positions, groups, layer.inputs[2] // groups, kernel, kernel)
    return split.transpose(0, 2, 1, 4, 5, 3).reshape(replicas, groups, layer.positions, layer.taps)


def accumulate(taps: Ints, weights: Ints, bias: Ints) -> Ints:
    """Pre-activations: bias plus the weight rows that the active taps index.

    Parameters
    ----------
    taps : array of int, shape (R, groups, positions, taps)
    weights : array of int, shape (R, groups, taps, C/groups)
    bias : array of int, shape (R, C)
        In the units of the weights.

    Returns
    -------
    array of int, shape (R, positions, C)
    """
    sums = np.matmul(taps, weights)
    replicas, groups, positions, channels = sums.shape
    return sums.transpose(0, 2, 1, 3).reshape(replicas, positions, groups * channels) + bias[:, None]
