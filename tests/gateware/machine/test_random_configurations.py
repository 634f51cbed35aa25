"""Random classes, shapes and kinds on the RTL: it ends with the bits of the golden model; ``--cases 1000`` takes 30."""

from __future__ import annotations

import numpy as np
import pytest
from machines import random_samples, random_state, small_machine, unequal

from bsff.contract.geometry import geometry
from bsff.golden import network
from bsff.machine import Accelerator
from bsff.machine.devices import open_device

SHARE = 33
"""One machine is built and simulated for so many cases of the golden model: it takes as much longer."""


@pytest.mark.slow
def test_rtl_equals_the_golden_model(cases: int, seed: int) -> None:
    for case in range(max(1, cases // SHARE)):
        rng = np.random.default_rng([seed, case, 8])
        config = small_machine(rng)
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
