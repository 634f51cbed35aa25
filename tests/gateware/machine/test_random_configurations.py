"""Random classes, shapes and kinds on the RTL: it ends with the bits of the golden model; ``--cases 1000`` takes 30."""

from __future__ import annotations

import numpy as np
import pytest
from machines import random_samples, random_state, random_table, unequal

from bsff.config import Config, parse
from bsff.contract.check import check
from bsff.contract.geometry import geometry
from bsff.errors import ConfigError
from bsff.golden import network
from bsff.machine import Accelerator
from bsff.machine.devices import open_device
from bsff_hw.plan import plan

SHARE = 33
"""One machine is built and simulated for so many cases of the golden model: it takes as much longer."""


def small(rng: np.random.Generator) -> Config:
    """A configuration that can be built, whose machine Verilator compiles in seconds."""
    while True:
        try:
            config = parse(random_table(rng), source="random")
            layers = check(config).layers
            plan(config)
        except ConfigError:  # such as a map that vanishes: draw again
            continue
        if max(layer.weights for layer in layers) < 40_000 and config.data.class_count <= 100:
            return config


@pytest.mark.slow
def test_rtl_equals_the_golden_model(cases: int, seed: int) -> None:
    for case in range(max(1, cases // SHARE)):
        rng = np.random.default_rng([seed, case, 8])
        config = small(rng)
        shape = geometry(config)
        state = random_state(shape, rng)
        pixels, labels = random_samples(shape, rng, 6)
        with Accelerator(open_device("rtl", config), config, timeout=300.0) as machine:
            machine.load(state)
            logits = machine.present(pixels, labels, learn=True, results=True)
            found = machine.read_state()
        expected = network.run(config, shape, state, pixels, labels)
        np.testing.assert_array_equal(logits, expected.logits)
        assert unequal(found, state) == [], config
        print(f"case {case}: {shape.pixels}, {shape.classes} classes, {len(config.layers)} layers", flush=True)
