"""One layer on one sample: fire, pool, judge, learn. This is the text of which the gateware is the translation."""

from dataclasses import dataclass

import numpy as np

from bsff.contract.formats import BIAS_BITS
from bsff.contract.geometry import LayerGeometry
from bsff.contract.numerics import boxcar_width, firing_count, firing_shift, noise_scale

from . import goodness, lfsr, pbit, pool, softmax, taps, update
from .arrays import Ints
from .state import LayerState


@dataclass
class Outcome:
    """What one sample did to a layer or to the head."""

    output: Ints
    """Array of int, shape (H, W, C). Map for the next layer, counts in 0..M (empty for the head)."""
    logits: Ints
    """Array of int, shape (classes,). To the base two, in units of ``2**-LOGIT_BITS``."""
    loss: int
    """Cross-entropy in bits, in units of ``2**-LOGIT_BITS``."""
    taps: int
    """Weight rows read by the forward pass."""
    updated: bool
    """False where the layer is frozen or the error was gated."""
    saturated: int
    """Weights that ran out of range."""


def draws(layer: LayerGeometry, stream: lfsr.State) -> tuple[Ints, lfsr.State]:
    """The draws of one sample; each position begins with a fresh word of the generator.

    Parameters
    ----------
    stream : array of uint64, shape ()

    Returns
    -------
    draws : array of int, shape (positions, C, draws of a unit)
        In the order in which `pbit.tile` takes them.
    stream : array of uint64, shape ()
    """
    stream, words = lfsr.advance(stream, lfsr.steps_for(layer.draws) * layer.positions)
    taken = lfsr.slices(words).reshape(layer.positions, -1)[:, : layer.draws]
    return taken.reshape(layer.positions, layer.config.channels, -1), stream


def forward(layer: LayerGeometry, state: LayerState, inputs: Ints) -> tuple[Ints, Ints, Ints]:
    """Fire every p-bit of the layer once, and pool; the state of the p-bits' generator is changed in place.

    Parameters
    ----------
    inputs : array of int, shape (H, W, C)

    Returns
    -------
    output : array of int, shape (H', W', C')
    response : array of int, shape (positions, C')
    active : array of int, shape (groups, positions, taps)
    """
    config = layer.config
    active = taps.gather(inputs, layer)
    bias = state.bias.astype(np.int64) >> BIAS_BITS
    preactivation = taps.accumulate(active, state.weights.astype(np.int64), bias)
    drawn, state.pbits[...] = draws(layer, state.pbits)
    count, response = pbit.tile(
        preactivation,
        drawn,
        size=config.tile,
        fraction_bits=config.fraction_bits,
        eligibility=config.eligibility,
        boxcar=boxcar_width(config),
        noise=noise_scale(config),
    )
    count, response = count.reshape(layer.conv), response.reshape(layer.conv)
    if config.pool == 2:
        count, response = pool.pool(count, response, layer.pool)
    return count, response.reshape(layer.positions, -1), active


def run(layer: LayerGeometry, state: LayerState, inputs: Ints, label: int) -> Outcome:
    """Present one sample; the state is changed in place.

    Parameters
    ----------
    inputs : array of int, shape (H, W, C)
    """
    config = layer.config
    output, response, active = forward(layer, state, inputs)

    mean = state.mean.astype(np.int64)
    difference = goodness.centred(output.sum((0, 1)), mean)
    logits = goodness.logits(difference, int(state.scale), layer.classes)
    error = softmax.class_error(logits, label)

    if state.learn:
        if config.normalisation == "running":
            state.mean[:] = goodness.average(mean, difference, config.momentum_shift)
        state.activity[...] = update.average_activity(int(state.activity), int(inputs.sum()))
    updated, saturated = bool(state.learn and error[label] >= state.gate), 0
    if updated:
        noise, state.rounding[...] = update.dither(state.rounding, layer.taps)
        state.weights[:], state.bias[:], saturated = update.update(
            state.weights.astype(np.int64),
            state.bias.astype(np.int64),
            active,
            response,
            update.gains(error, int(state.step)),
            update.mean_activity(int(state.activity), inputs.size) * config.centre,
            noise,
            weight_bits=config.weight_bits,
            moved=update.towards(output.sum((0, 1)), firing_count(layer), firing_shift(layer)),
        )
    loss = int(softmax.cross_entropy(logits, label))
    return Outcome(output, logits, loss, int(active.sum()), updated, saturated)
