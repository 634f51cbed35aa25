"""The random number generator of the machine: a 64-bit LFSR that leaps a whole word a step.

The step is Marsaglia's xorshift, ``x ^= x << 13; x ^= x >> 7; x ^= x << 17`` ("Xorshift RNGs", Journal of
Statistical Software 8(14), 2003): linear over GF(2), so every next bit is the XOR of at most eight state bits (two
6-input LUTs), and of full period 2**64 - 1. One step gives `DRAWS` draws of 16 bits; a draw is named by its slot,
never by a clock cycle.
"""

import functools

import numpy as np
from numpy.typing import NDArray

from bsff.contract.formats import DRAW_BITS, DRAWS, GENERATOR_WIDTH, SHIFTS

State = NDArray[np.uint64]
_MASK = 2**GENERATOR_WIDTH - 1
_SHIFTS = tuple(np.uint64(s) for s in SHIFTS)  # made once: a step is called millions of times


def step(state: State) -> State:
    """The state after `state`; an array of any shape, each element a generator of its own."""
    left, right, last = _SHIFTS
    state = state ^ (state << left)
    state = state ^ (state >> right)
    return state ^ (state << last)


def advance(state: State, count: int) -> tuple[State, State]:
    """Step `count` times.

    Returns
    -------
    state : array of uint64
        After the last step, of the shape of the argument.
    words : array of uint64, shape ``(*state.shape, count)``
        The state after each step.
    """
    words = np.empty((*state.shape, count), np.uint64)
    for i in range(count):
        state = step(state)
        words[..., i] = state
    return state, words


def slices(words: State) -> NDArray[np.int64]:
    """Cut words into draws, least significant first: (..., n) to (..., n * `DRAWS`), each 0 .. 65535."""
    shifts = np.arange(DRAWS, dtype=np.uint64) * np.uint64(DRAW_BITS)
    cut = (words[..., None] >> shifts) & np.uint64(2**DRAW_BITS - 1)
    return cut.astype(np.int64).reshape(*words.shape[:-1], -1)


def steps_for(draws: int) -> int:
    """Steps that give at least `draws` draws."""
    return -(-draws // DRAWS)


def _matrix() -> tuple[int, ...]:
    """Columns of the step as a matrix over GF(2): column i is the step of the i-th unit vector."""
    return tuple(int(step(np.array(1 << i, np.uint64))) for i in range(GENERATOR_WIDTH))


def _apply(matrix: tuple[int, ...], vector: int) -> int:
    result = 0
    for i in range(GENERATOR_WIDTH):
        if vector >> i & 1:
            result ^= matrix[i]
    return result


@functools.cache
def _power_of_two(exponent: int) -> tuple[int, ...]:
    """The matrix of ``2**exponent`` steps."""
    if exponent == 0:
        return _matrix()
    half = _power_of_two(exponent - 1)
    return tuple(_apply(half, column) for column in half)


def jump(state: int, steps: int) -> int:
    """The state `steps` steps later, in logarithmic time.

    Raises
    ------
    ValueError
        If `steps` is negative.
    """
    if steps < 0:
        raise ValueError(
            f"steps = {steps}: expected 0 or more; the period is 2**{GENERATOR_WIDTH} - 1, jump that less to go back"
        )
    for exponent in range(steps.bit_length()):
        if steps >> exponent & 1:
            state = _apply(_power_of_two(exponent), state)
    return state


def seed_state(*numbers: int) -> int:
    """A non-zero state that depends on every number given, such as (seed, 0, stream).

    The host uses this to seed the machine's streams: SplitMix64's finalizer over a running sum
    (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
    """
    mixed = 0
    for number in numbers:
        mixed = (mixed + 0x9E3779B97F4A7C15 * (number + 1)) & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        mixed ^= mixed >> 31
    return mixed or 1
