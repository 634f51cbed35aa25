"""The golden model with random numbers of another kind: what would better ones than the hardware's be worth?

The machine's step is replaced by ``mix(x + 0x9E3779B97F4A7C15)``, the SplitMix64 finaliser (Steele, Lea and Flood, 2014) iterated on
itself: nonlinear, with none of the LFSR's structure over GF(2). Draws, noise table and rounding stay those of the machine, so the
difference is that of the generator alone. It runs in a process of its own, since compiled code cannot be changed.
"""

import hashlib
import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bsff.data import Dataset

from .cell import Cell

USERS = ("fire", "learn", "encoder", "head")
"""Modules of the engine that step a generator."""


def measure(cell: Cell, data: Dataset) -> dict[str, object]:
    """`machine.measure`, with the generator replaced."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=replace_generator) as process:
        return process.submit(_measure, cell, data).result()


def _measure(cell: Cell, data: Dataset) -> dict[str, object]:
    from .machine import measure

    return measure(cell, data)


def replace_generator() -> None:
    """Replace the generator of the engine in this process.

    Raises
    ------
    RuntimeError
        If the engine has been imported already: what is compiled, or cached for the machine, would go on as before.
    """
    if "bsff.golden.engine" in sys.modules:
        raise RuntimeError("the engine is imported already; replace its generator in a fresh process")
    source = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
    # numba would otherwise take the machine's own code from its cache
    os.environ["NUMBA_CACHE_DIR"] = os.path.join(tempfile.gettempdir(), f"bsff-perfect-{os.getuid()}-{source}")

    import importlib

    from numba import njit, uint64

    shifts = tuple(uint64(s) for s in (30, 27, 31))
    factors = (uint64(0xBF58476D1CE4E5B9), uint64(0x94D049BB133111EB))
    increment = uint64(0x9E3779B97F4A7C15)

    @njit(inline="always")
    def step(state):  # type: ignore[no-untyped-def]
        state += increment
        state = (state ^ (state >> shifts[0])) * factors[0]
        state = (state ^ (state >> shifts[1])) * factors[1]
        return state ^ (state >> shifts[2])

    for name in USERS:
        module = importlib.import_module(f"bsff.golden.engine.{name}")
        assert hasattr(module, "step"), f"{module.__name__} no longer steps a generator"
        module.step = step  # type: ignore[attr-defined]
