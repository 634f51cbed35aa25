"""How active taps are spread over maps: the shares that the cycle formula is given."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from bsff.config import override, parse
from bsff.contract.formats import COUNTERS
from bsff.contract.geometry import geometry
from bsff.instruments.activity import PARTS, _parts, activity
from bsff.machine import Accelerator
from bsff.machine.devices import open_device
from bsff.machine.initialise import initialise

CONFIG = parse(
    {
        "data": {"dataset": "digits", "encoding": "bernoulli"},
        "layer": [{"channels": 20, "kernel": 3, "tile": 2, "pool": 2}, {"channels": 20, "kernel": 3}],
        "head": {"layers": [1, 2]},
    }
)


def test_their_mean_is_what_the_counters_say(rng: np.random.Generator) -> None:
    shape = geometry(CONFIG)
    pixels = rng.integers(0, 256, (12, 8, 8, 1), np.uint8)
    pixels[:, :, :4] = 0  # one half of each picture is empty
    labels = rng.integers(0, 10, 12, np.uint8)
    state = initialise(CONFIG, shape, pixels)
    before = copy.deepcopy(state)
    found = activity(CONFIG, state, pixels, labels)
    after = dict(state.arrays())
    assert all(np.array_equal(after[name], array) for name, array in before.arrays())  # nothing moved
    with Accelerator(open_device("emulated", CONFIG), CONFIG) as machine:
        machine.load(before)
        machine.present(pixels, labels, learn=False)
        taps = machine.counters()[:, COUNTERS.index("taps")] / len(labels)
    assert shape.head is not None
    most = [layer.positions * layer.config.groups * layer.taps * layer.levels for layer in shape.layers]
    most.append(shape.head.largest)
    assert [(len(each.taps), len(each.sites)) for each in found] == [(PARTS, PARTS), (PARTS, PARTS), (PARTS, 0)]
    assert [float(np.mean(each.taps)) for each in found] == pytest.approx((taps / most).tolist(), rel=0.02)
    for each in found:
        assert list(each.taps + each.sites) == sorted(each.taps) + sorted(each.sites)
    assert found[0].taps[0] < 0.2 * found[0].taps[-1]  # the empty half
    assert np.mean(found[0].sites) > 1.5 * np.mean(found[0].taps)  # a window of the pool has four positions


def test_a_site_is_reached_with_any_of_its_positions() -> None:
    config = parse({"data": {"dataset": "digits"}, "layer": [{"channels": 20, "kernel": 1, "padding": 0, "pool": 2}]})
    pixels = np.zeros((1, 8, 8, 1), np.uint8)
    pixels[0, ::2, ::4] = 255  # one position in each of the windows of every other column
    (layer, *_) = activity(config, initialise(config, geometry(config), pixels), pixels, np.zeros(1, np.uint8))
    assert np.mean(layer.taps) == pytest.approx(1 / 8)
    assert layer.sites == (0.5,) * PARTS


def test_independent_bits_are_of_one_share(rng: np.random.Generator) -> None:
    counts = rng.binomial(20, 0.3, 40_000) / 20
    assert counts.std() > 0.1
    found = _parts([counts], 20)
    assert max(found) - min(found) < 0.05
    halves = rng.binomial(20, np.repeat([0.1, 0.6], 20_000)) / 20
    found = _parts([halves[:30_000], halves[30_000:]], 20)
    assert np.mean(found[:4]) == pytest.approx(0.1, abs=0.02)
    assert np.mean(found[4:]) == pytest.approx(0.6, abs=0.02)
    assert _parts([np.zeros(100)], 20) == (0.0,) * PARTS


def test_a_network_without_a_head() -> None:
    config = override(CONFIG, ["head.enabled=false", "training.predictor=goodness"])
    pixels = np.full((2, 8, 8, 1), 128, np.uint8)
    state = initialise(config, geometry(config), pixels)
    assert len(activity(config, state, pixels, np.zeros(2, np.uint8))) == 2
