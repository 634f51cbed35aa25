"""Random numbers of a test case: they depend on its name and on the option --seed."""

import zlib

import numpy as np


def seed_for(name: str, seed: int) -> int:
    """A seed that differs from name to name, and from --seed to --seed."""
    return zlib.crc32(f"{seed} {name}".encode())


def rng_for(name: str, seed: int) -> np.random.Generator:
    """A generator seeded by `seed_for`."""
    return np.random.default_rng(seed_for(name, seed))
