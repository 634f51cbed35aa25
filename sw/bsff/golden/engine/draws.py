"""The generator and the three ways in which a draw is used."""

from __future__ import annotations

from numba import int64, njit, uint64

from bsff.golden import lfsr, tables, update

DRAWS = lfsr.DRAWS
_LEFT, _RIGHT, _LAST = (uint64(s) for s in lfsr.SHIFTS)
_DRAW = uint64(lfsr.DRAW_BITS)
_DRAW_MASK = uint64(2**lfsr.DRAW_BITS - 1)
_BYTE = uint64(lfsr.DRAW_BITS - 8)
_NOISE = uint64(lfsr.DRAW_BITS - tables.NOISE_BITS)
_DITHER = uint64(lfsr.DRAW_BITS - update.GAIN_BITS)


@njit(inline="always")
def step(state):
    """`lfsr.step`."""
    state ^= state << _LEFT
    state ^= state >> _RIGHT
    state ^= state << _LAST
    return state


@njit(inline="always")
def _draw(state, number):
    """Draw `number`, 0 .. `DRAWS` - 1, of a state."""
    return (state >> (uint64(number) * _DRAW)) & _DRAW_MASK


@njit(inline="always")
def byte(state, number):
    """Upper 8 bits of a draw, against which the encoder holds a pixel."""
    return _draw(state, number) >> _BYTE


@njit(inline="always")
def noise_index(state, number):
    """Upper bits of a draw, which choose the noise of a p-bit."""
    return _draw(state, number) >> _NOISE


@njit(inline="always")
def dither(state, number):
    """Upper bits of a draw, which round an update."""
    return int64(_draw(state, number) >> _DITHER)
