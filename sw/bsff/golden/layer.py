"""One layer on one sample: fire, pool, judge, learn. This is the text of which the gateware is the translation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bsff.contract.formats import BIAS_BITS
from bsff.contract.geometry import LayerGeometry
from bsff.contract.numerics import boxcar_width

from . import goodness, lfsr, pbit, pool, softmax, taps, update
from .state import LayerState

Ints = NDArray[np.int64]


@dataclass
class Outcome:
    """What one sample did to a layer or to the head; every array of shape (R,) but the first two.

    Attributes
    ----------
    output : array of int, shape (R, H, W, C)
        Map for the next layer, counts in 0..M (empty for the head).
    logits : array of int, shape (R, 10)
        To the base two, 6 fractional bits.
    loss : array of int
        Cross-entropy in bits, 6 fractional bits.
    taps : array of int
        Weight rows read by the forward pass.
    updated : array of bool
        False where the layer is frozen or the error was gated.
    saturated : array of int
        Weights that ran out of range.
    """

    output: Ints
    logits: Ints
    loss: Ints
    taps: Ints
    updated: NDArray[np.bool_]
    saturated: Ints


def forward(layer: LayerGeometry, state: LayerState, inputs: Ints) -> tuple[Ints, Ints, Ints]:
    """Fire every p-bit of the layer once, and pool.

    Parameters
    ----------
    inputs : array of int, shape (R, H, W, C)

    Returns
    -------
    output : array of int, shape (R, H', W', C')
    response : array of int, shape (R, positions, C')
    active : array of int, shape (R, groups, positions, taps)
    """
    config = layer.config
    replicas = inputs.shape[0]
    active = taps.gather(inputs, layer)
    bias = state.bias.astype(np.int64) >> BIAS_BITS
    preactivation = taps.accumulate(active, state.weights.astype(np.int64), bias)

    steps = lfsr.steps_for(layer.draws)  # each position begins with a fresh word
    state.pbits[:], words = lfsr.advance(state.pbits, steps * layer.positions)
    draws = lfsr.slices(words).reshape(replicas, layer.positions, -1)[..., : layer.draws]
    count, response = pbit.tile(
        preactivation,
        draws.reshape(*preactivation.shape, -1),
        size=config.tile,
        fraction_bits=config.fraction_bits,
        eligibility=config.eligibility,
        boxcar=boxcar_width(config),
    )

    count, response = (a.reshape(replicas, *layer.conv) for a in (count, response))
    if config.pool == 2:
        count, response = pool.pool(count, response)
    return count, response.reshape(replicas, layer.positions, -1), active


def run(layer: LayerGeometry, state: LayerState, inputs: Ints, labels: Ints) -> Outcome:
    """Present one sample to every replica; the state is changed in place.

    Parameters
    ----------
    inputs : array of int, shape (R, H, W, C)
    labels : array of int, shape (R,)
    """
    config = layer.config
    output, response, active = forward(layer, state, inputs)

    difference = goodness.centred(output.sum((1, 2)), state.mean.astype(np.int64))
    logits = goodness.logits(difference, state.scale.astype(np.int64))
    error = softmax.class_error(logits, labels)
    learn = state.learn
    updated = learn & (np.take_along_axis(error, labels[:, None], 1)[:, 0] >= state.gate)

    if config.normalisation == "running":
        moved = goodness.average(state.mean.astype(np.int64), difference, config.momentum_shift)
        state.mean[learn] = moved[learn]
    ones = inputs.sum((1, 2, 3))
    state.activity[learn] = update.average_activity(state.activity.astype(np.int64), ones)[learn]

    saturated = np.zeros(len(labels), np.int64)
    if updated.any():
        mean = update.mean_activity(state.activity.astype(np.int64), int(np.prod(layer.inputs))) * config.centre
        noise, stream = update.dither(state.rounding, layer.taps)
        weights, bias, clipped = update.update(
            state.weights.astype(np.int64),
            state.bias.astype(np.int64),
            active,
            response,
            update.gains(error, state.step.astype(np.int64)),
            mean,
            noise,
            weight_bits=config.weight_bits,
        )
        state.rounding[updated] = stream[updated]
        state.weights[updated], state.bias[updated] = weights[updated], bias[updated]
        saturated[updated] = clipped[updated]
    return Outcome(output, logits, softmax.cross_entropy(logits, labels), active.sum((1, 2, 3)), updated, saturated)
