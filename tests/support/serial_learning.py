"""A little training, and what it ends with: to compare machines behind different lines."""

from __future__ import annotations

from typing import Any

import numpy as np

from bsff.golden.state import NetworkState
from bsff.machine import Accelerator
from bsff.machine.initialise import initialise

End = tuple[NetworkState, Any, Any]


def learn(machine: Accelerator, data: Any, samples: int = 30, judged: int = 9) -> End:
    """State, logits and counters of a machine after it learned some samples and judged others."""
    config = machine.config
    machine.load(initialise(config, machine.geometry, data.train_images))
    machine.set_steps([0.03] * len(machine.geometry.predictors))
    machine.set_learning([True] * len(machine.geometry.predictors))
    machine.present(data.train_images[:samples], data.train_labels[:samples], learn=True)
    logits = machine.present(data.test_images[:judged], data.test_labels[:judged], learn=False, results=True)
    return machine.read_state(), logits, machine.counters()


def assert_same(one: End, other: End, *, cycles: bool = True) -> None:
    """Equal bit for bit; `cycles`: the counters of cycles too."""
    for (name, left), (_, right) in zip(one[0].arrays(), other[0].arrays(), strict=True):
        assert np.array_equal(left, right), name
    assert np.array_equal(one[1], other[1])
    last = None if cycles else -2
    assert np.array_equal(one[2][:, :last], other[2][:, :last])
