"""The golden model with another generator in place of the hardware's."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest
from perfect_helpers import CELL, accuracies, draw_bits

from bsff.data import load_dataset
from bsff.studies.sweep.machine import measure
from bsff.studies.sweep.perfect import replace_generator

GAMMA, MASK = 0x9E3779B97F4A7C15, 2**64 - 1


def splitmix(state: int) -> int:
    """One output of SplitMix64, in Python's integers."""
    state = (state + GAMMA) & MASK
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
    return state ^ (state >> 31)


@pytest.mark.long
def test_the_generator_is_replaced() -> None:
    assert splitmix(0) == 0xE220A8397B1DCDAF  # the published first output for seed 0
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=replace_generator) as process:
        states, bits = process.submit(draw_bits).result()
        perfect = process.submit(accuracies).result()
    first, second = splitmix(0), splitmix(splitmix(0))
    assert states == [second]
    draws = [word >> shift & 0xFFFF for word in (first, second) for shift in (0, 16, 32, 48)]
    assert bits == [[int((draw >> 8) < 128) for draw in draws]]
    hardware = measure(CELL, load_dataset(CELL.config.data))
    assert perfect["presentations"] == hardware["presentations"]
    assert perfect["additions"] != hardware["additions"]
    for result in (perfect, hardware):
        assert isinstance(result["accuracy"], float)
        assert result["accuracy"] > 0.7


def test_an_engine_in_use_is_not_replaced() -> None:
    with pytest.raises(RuntimeError, match="replace its generator in a fresh process"):
        replace_generator()
