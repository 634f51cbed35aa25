"""The random bytes of the input encoder; what is made of them are plain array operations."""

from numba import njit

from bsff.contract.formats import DRAWS

from .draws import byte, step


@njit(nogil=True, cache=True)
def draw_bytes(stream, drawn):
    """Fill `drawn` (N, P) with the upper bits of a draw a pixel; each sample begins with a fresh state. `stream`: (1,)."""
    state = stream[0]
    for n in range(drawn.shape[0]):
        for i in range(drawn.shape[1]):
            if i % DRAWS == 0:
                state = step(state)
            drawn[n, i] = byte(state, i % DRAWS)
    stream[0] = state
