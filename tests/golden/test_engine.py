"""The compiled engine equals the plain golden model bit for bit."""

import numpy as np
import pytest
from machines import random_config, random_samples, random_state, unequal

from bsff.contract.geometry import geometry
from bsff.golden import engine, network


@pytest.mark.slow
@pytest.mark.parametrize("case", range(16))
def test_engine_equals_network(seed: int, case: int) -> None:
    rng = np.random.default_rng([seed, case])
    config = random_config(rng)
    shape = geometry(config)
    plain = random_state(shape, rng)
    fast = plain.copy()
    pixels, labels = random_samples(shape, rng, 45)
    expected = network.run(config, shape, plain, pixels, labels)
    found = engine.run(config, shape, fast, pixels, labels, threads=1 + case % 3)
    assert unequal(plain, fast) == []
    np.testing.assert_array_equal(found.logits, expected.logits)
    np.testing.assert_array_equal(found.counters, expected.counters)
    assert expected.counters[:, 0].min() == 45


def test_threads_do_not_matter(rng: np.random.Generator) -> None:
    config = random_config(rng)
    shape = geometry(config)
    states = [random_state(shape, np.random.default_rng(5)) for _ in range(3)]
    pixels, labels = random_samples(shape, rng, 200)
    logits = [
        engine.run(config, shape, state, pixels, labels, threads=t).logits
        for state, t in zip(states, (1, 2, 5), strict=True)
    ]
    assert unequal(states[0], states[1]) == unequal(states[0], states[2]) == []
    np.testing.assert_array_equal(logits[0], logits[2])


def test_failure_in_a_stage_reaches_the_caller(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    from bsff.golden.engine import pipeline

    def broken(*_: object) -> None:
        raise MemoryError("no room")

    config = random_config(rng)
    shape = geometry(config)
    monkeypatch.setattr(pipeline, "run_layer", broken)
    with pytest.raises(MemoryError, match="no room"):
        engine.run(config, shape, random_state(shape, rng), *random_samples(shape, rng, 70))
