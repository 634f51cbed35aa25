"""Random classes, shapes and kinds: a network is refused in a sentence, or the engine equals the golden model.

``--cases N`` draws N of them; the gateware's twin is `tests/gateware/machine/test_random_configurations.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from machines import random_samples, random_state, random_table, unequal

from bsff.config import parse
from bsff.contract.check import check
from bsff.errors import ConfigError
from bsff.golden import engine, network

SAMPLES = 4


@pytest.mark.slow
def test_refused_or_equal(cases: int, seed: int) -> None:
    """Both happen; a refusal is one sentence that names a key and its value."""
    refused: list[str] = []
    for case in range(cases):
        rng = np.random.default_rng([seed, case, 7])
        table: dict[str, Any] = random_table(rng)
        try:
            config = parse(table, source="random")
            shape = check(config)
        except ConfigError as error:
            refused.append(str(error))
            continue
        plain = random_state(shape, rng)
        fast = plain.copy()
        pixels, labels = random_samples(shape, rng, SAMPLES)
        expected = network.run(config, shape, plain, pixels, labels)
        found = engine.run(config, shape, fast, pixels, labels, threads=1)
        assert unequal(plain, fast) == [], table
        np.testing.assert_array_equal(found.logits, expected.logits)
        np.testing.assert_array_equal(found.counters, expected.counters)
    assert all(text.startswith("random: ") and "expected" in text and "\n" not in text for text in refused)
    print(f"{cases} configurations: {len(refused)} refused, {cases - len(refused)} equal")
    assert 0 < len(refused) < cases
