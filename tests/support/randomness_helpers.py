"""Bits for the tests of randomness, and what the command measures."""

from functools import cache

import numpy as np

from bsff.studies import randomness

ALPHA = 1e-4
"""Chance that a test of p-values fails by chance, over all of its p-values."""


@cache
def measured(seed):
    """All that the command measures, once a process: about 20 seconds."""
    return randomness.measure(seed)


def fair(seed, size):
    """Bits of another generator."""
    return np.random.default_rng(seed).integers(0, 2, size, np.uint8)


def shift_register(state, size, taps=(0, 1, 3, 4), width=64):
    """Bits of an LFSR, one a shift: bit n is the XOR of the bits `width` - taps before it."""
    assert 0 in taps
    bits = np.empty(size, np.uint8)
    bits[:width] = [state >> i & 1 for i in range(width)]
    step = width - max(taps)
    for n in range(width, size, step):
        stop = min(n + step, size)
        bits[n:stop] = np.bitwise_xor.reduce([bits[n - width + t : stop - width + t] for t in taps])
    return bits
