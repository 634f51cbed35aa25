"""The first state: calibrated on data, a function of the seed alone."""

import hashlib

import numpy as np
import pytest

from bsff.config import load, override
from bsff.contract import formats
from bsff.contract.geometry import geometry
from bsff.data import load_dataset
from bsff.golden import encode, taps
from bsff.machine.initialise import SAMPLES, initialise


def test_preactivations_have_the_configured_mean_and_spread() -> None:
    config = load("digits-small")
    shape = geometry(config)
    data = load_dataset(config.data)
    state = initialise(config, shape, data.train_images)
    bits = np.stack([encode.encode(image, config.data, state.encoder)[0] for image in data.train_images[:SAMPLES]])
    layer, part = shape.layers[0], state.layers[0]
    active = taps.gather(bits, layer)
    sums = taps.accumulate(active, part.weights.astype(np.int64), part.bias.astype(np.int64) >> formats.BIAS_BITS)
    a = sums / 2**layer.config.fraction_bits
    np.testing.assert_allclose(a.mean((0, 1)), layer.config.init_mean, atol=0.01)
    assert a.std((0, 1)).mean() == pytest.approx(layer.config.init_std, rel=0.01)
    assert part.activity == round(bits.sum() / SAMPLES * 256)


def digest(*settings: str) -> str:
    config = override(load("digits-small"), settings)
    state = initialise(config, geometry(config), load_dataset(config.data).train_images)
    return hashlib.sha256(b"".join(array.tobytes() for _, array in state.arrays())).hexdigest()


def test_the_seed_alone_decides() -> None:
    assert digest() == digest()
    assert digest() != digest("training.seed=1")
    assert digest() == digest("training.epochs=9")
