"""Long streams of the golden model's generator, as fast as numpy makes them."""

from collections.abc import Iterator

import numpy as np

from bsff.contract import formats
from bsff.golden import lfsr

from .statistics import Ints


def leap(states: lfsr.State, steps: int) -> lfsr.State:
    """Every state `steps` steps later: `lfsr.jump` for an array."""
    result = np.zeros_like(states)
    for i in range(formats.GENERATOR_WIDTH):
        result ^= (states >> np.uint64(i) & np.uint64(1)) * np.uint64(lfsr.jump(1 << i, steps))
    return result


def starts(state: int, stride: int, count: int) -> lfsr.State:
    """The states 0, 1, ... `count` - 1 times `stride` steps after `state`."""
    states = np.array([state], np.uint64)
    while len(states) < count:
        states = np.concatenate([states, leap(states, stride * len(states))])
    return states[:count]


def stream(state: int, count: int) -> lfsr.State:
    """The next `count` words of one generator in their serial order, by many generators side by side."""
    lane = 256
    return lfsr.advance(starts(state, lane, -(-count // lane)), lane)[1].reshape(-1)[:count]


def positions(state: int, count: int, draws: int, *, chunk: int = 2**15) -> Iterator[Ints]:
    """Draws of consecutive positions of a layer, each of which begins with a fresh word.

    Yields
    ------
    array of int, shape (up to `chunk` positions, `draws`)
    """
    steps = lfsr.steps_for(draws)
    begin = starts(state, steps, count)
    for i in range(0, count, chunk):
        yield lfsr.slices(lfsr.advance(begin[i : i + chunk], steps)[1])[:, :draws]
