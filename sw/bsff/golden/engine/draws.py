"""The generator and the three ways in which a draw is used."""

from numba import int64, njit, uint64

from bsff.contract.formats import DRAW_BITS, GAIN_BITS, NOISE_BITS, PIXEL_WIDTH, SHIFTS

_LEFT, _RIGHT, _LAST = (uint64(s) for s in SHIFTS)
_DRAW = uint64(DRAW_BITS)
_DRAW_MASK = uint64(2**DRAW_BITS - 1)
_BYTE = uint64(DRAW_BITS - PIXEL_WIDTH)
_NOISE = uint64(DRAW_BITS - NOISE_BITS)
_DITHER = uint64(DRAW_BITS - GAIN_BITS)


@njit(inline="always")
def step(state):
    """`lfsr.step`."""
    state ^= state << _LEFT
    state ^= state >> _RIGHT
    state ^= state << _LAST
    return state


@njit(inline="always")
def _draw(state, number):
    """Draw `number`, 0 .. ``DRAWS - 1``, of a state."""
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
