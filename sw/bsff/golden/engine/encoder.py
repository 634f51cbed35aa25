"""The encoder where it draws random bits; the others are plain array operations."""

from __future__ import annotations

from numba import njit

from bsff.contract.formats import DRAWS

from .draws import byte, step


@njit(nogil=True, cache=True)
def encode_bernoulli(pixels, stream, bits):
    """`encode.encode` for ``bernoulli``: pixels (N, P) to bits (N, P); `stream` has shape (1,)."""
    state = stream[0]
    for n in range(pixels.shape[0]):
        for i in range(pixels.shape[1]):
            if i % DRAWS == 0:
                state = step(state)
            bits[n, i] = byte(state, i % DRAWS) < pixels[n, i]
    stream[0] = state
