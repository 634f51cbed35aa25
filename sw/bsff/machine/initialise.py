"""Initial weights and biases, calibrated on data so that every layer starts in its useful range.

The host computes them with floats; what the machine gets are integers. Our choice, measured in
`docs/decisions`: pre-activations of a chosen mean and standard deviation make sparse firing from the first sample on.
"""

import math

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config
from bsff.contract import numerics
from bsff.contract.formats import ACTIVITY_BITS, BIAS_BITS, MEAN_BITS
from bsff.contract.geometry import Geometry, LayerGeometry
from bsff.golden import encode, layer, lfsr, taps
from bsff.golden.state import LayerState, NetworkState, blank

SAMPLES = 128
"""Samples of the calibration."""
GRAIN_BITS = 12
"""Fractional bits to which the Gaussian weights are rounded before they are scaled."""
TAG = 0x1217
"""Separates the calibration's random numbers from those of training."""


def streams(state: NetworkState, *tags: int) -> None:
    """Seed every generator in place; `tags` (seed first) name the purpose, the last number the generator."""

    def seed(number: int) -> int:
        return lfsr.seed_state(*tags, 0, 0, number)  # the zeros once numbered machines of one seed

    state.encoder[...] = seed(0)
    for number, part in enumerate(state.layers, 1):
        part.pbits[...] = seed(2 * number)
        part.rounding[...] = seed(2 * number + 1)
    if state.head is not None:
        state.head.rounding[...] = seed(2 * len(state.layers) + 3)


def registers(config: Config, geometry: Geometry, state: NetworkState) -> None:
    """Set the scale and gate registers; steps and learn flags stay as they are."""
    for shape, part in zip(geometry.layers, state.layers, strict=True):
        part.scale[...] = numerics.goodness_scale(shape)
        part.gate[...] = numerics.gate_register(shape.config.gate)
    if state.head is not None:
        state.head.gate[...] = numerics.gate_register(config.head.gate)


def _calibrate(shape: LayerGeometry, part: LayerState, inputs: NDArray[np.int64], rng: np.random.Generator) -> None:
    """Weights and bias of one layer from its input maps, shape (N, H, W, C).

    Every sum is over whole numbers, which floats add exactly in any order, so that the result does not depend on the
    platform's matrix product.
    """
    config = shape.config
    active = taps.gather(inputs, shape).astype(np.float64)
    count = active.shape[0] * active.shape[2]
    gaussian = np.round(rng.standard_normal((config.groups, shape.taps, shape.group_channels)) * 2**GRAIN_BITS)
    sums = np.matmul(active, gaussian).astype(np.int64)  # (N, groups, positions, C/groups)
    total, squares = sums.sum((0, 2)), (sums * sums).sum((0, 2))
    spread = math.fsum(np.sqrt(np.maximum(squares / count - (total / count) ** 2, 0)).ravel()) / config.channels
    factor = config.init_std / spread if spread > 0 else 2.0**-GRAIN_BITS
    limit = 2 ** (config.weight_bits - 1) - 1
    part.weights[:] = np.clip(np.round(gaussian * (factor * 2**config.fraction_bits)), -limit - 1, limit)
    means = np.matmul(active, part.weights.astype(np.float64)).sum((0, 2)).reshape(-1) / count
    bias = config.init_mean * 2**config.fraction_bits - means
    part.bias[:] = np.round(bias * 2**BIAS_BITS)
    part.activity[...] = round(int(inputs.sum()) / len(inputs) * 2**ACTIVITY_BITS)


def initialise(config: Config, geometry: Geometry, pixels: NDArray[np.uint8]) -> NetworkState:
    """The state of one machine at the start of training.

    Parameters
    ----------
    pixels : array of uint8, shape (N, H, W, C)
        Training samples; the first `SAMPLES` are used.

    Returns
    -------
    NetworkState
        Layers are calibrated one after another on the firing of those before, and the running means start at the
        counts seen. The head starts at 0.
    """
    state = blank(geometry)
    registers(config, geometry, state)
    streams(state, TAG, config.training.seed)
    rng = np.random.default_rng([TAG, config.training.seed, 0])
    pixels = pixels[:SAMPLES]
    signal = np.empty((len(pixels), *geometry.encoded), np.int64)
    for number, sample in enumerate(pixels):
        signal[number], state.encoder[...] = encode.encode(sample, config.data, state.encoder)
    for shape, part in zip(geometry.layers, state.layers, strict=True):
        inputs = signal.reshape(len(signal), *shape.inputs)
        _calibrate(shape, part, inputs, rng)
        signal = np.stack([layer.forward(shape, part, sample)[0] for sample in inputs])
        if shape.config.normalisation == "running":
            part.mean[:] = np.round(signal.sum((1, 2)).mean(0) * 2**MEAN_BITS)
    streams(state, config.training.seed)
    return state
