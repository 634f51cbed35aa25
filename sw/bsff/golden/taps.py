"""Input taps: which inputs each position of a layer sees, and the binary-indexed sum of weight rows."""

import numpy as np

from bsff.contract.geometry import LayerGeometry

from .arrays import Ints


def gather(inputs: Ints, layer: LayerGeometry) -> Ints:
    """The taps of every position.

    Parameters
    ----------
    inputs : array of int, shape (..., H, W, C)
        Input map.

    Returns
    -------
    array of int, shape (..., groups, positions, taps)
        Tap ``(ky * width + kx) * C/groups + c``, `width` being the kernel's, of group g at position (y, x) is channel
        ``g * C/groups + c`` of the input at (y + ky - padding, x + kx - padding), 0 outside the map.
    """
    lead = inputs.shape[:-3]
    kernel, groups = layer.kernel, layer.config.groups
    above, left = layer.padding
    if layer.config.kind == "dense":
        inputs = inputs.reshape(*lead, 1, 1, -1)
    padded = np.pad(inputs, [(0, 0)] * len(lead) + [(above, above), (left, left), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(-3, -2))
    split = windows.reshape(*lead, layer.positions, groups, layer.inputs[2] // groups, *kernel)
    ordered = np.moveaxis(split.swapaxes(-5, -4), -3, -1)  # groups, positions, ky, kx, channels
    return ordered.reshape(*lead, groups, layer.positions, layer.taps)


def accumulate(taps: Ints, weights: Ints, bias: Ints) -> Ints:
    """Pre-activations: bias plus the weight rows that the active taps index.

    Parameters
    ----------
    taps : array of int, shape (..., groups, positions, taps)
    weights : array of int, shape (groups, taps, C/groups)
    bias : array of int, shape (C,)
        In the units of the weights.

    Returns
    -------
    array of int, shape (..., positions, C)
    """
    sums = np.matmul(taps, weights).swapaxes(-3, -2)  # positions, groups, channels of a group
    return sums.reshape(*sums.shape[:-2], -1) + bias
