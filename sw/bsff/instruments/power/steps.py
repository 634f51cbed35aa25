"""What a recording itself tells about how quickly its sensor answers: its readings after each change of state."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .protocol import Record

BINS = 24
"""Into which the time after a change of state is divided."""
TOLERANCE = 0.04
"""Share of a step below which a reading counts as settled."""
_LEVEL = 1 / 3
"""The last part of a state, whose mean is taken as its level."""


@dataclass(frozen=True)
class Seen:
    """How readings follow a step, the mean over all steps of a recording weighted by their size."""

    width: float
    """Seconds of a bin."""
    left: NDArray[np.float64]
    """Shape (BINS,): share of the step that is not there yet, by time after it. The last third has mean 0 by construction."""
    noise: float
    """Standard deviation of one of them."""
    period: float
    """Seconds between new values that are seldom exceeded (one in ten); 0 where they change with the states alone."""

    @property
    def threshold(self) -> float:
        """Share of a step that counts as settled: what can be told from noise, at least `TOLERANCE`."""
        return max(TOLERANCE, 3 * self.noise)

    @property
    def settled(self) -> float | None:
        """Seconds after which less than `threshold` of a step is left; None if that is not so before the last third."""
        over = np.flatnonzero(np.abs(self.left) > self.threshold)
        last = int(over[-1]) + 1 if len(over) else 0
        return last * self.width if last < BINS * (1 - _LEVEL) - 1 else None


Span = tuple[float, float, str]
"""Begin and end in seconds of a stretch in one state, and its name; each begins where the one before ended."""
CONSISTENT = 0.8
"""Share of the variance of levels that the states must explain. A sensor much slower than the states shows levels that have
nothing to do with them."""


def observe(times: NDArray[np.float64], watts: NDArray[np.float64], spans: Sequence[Span]) -> Seen | None:
    """Stack the readings after each change of state.

    Parameters
    ----------
    times, watts : array of float, shape (N,)
    spans : sequence of Span

    Returns
    -------
    Seen or None
        None where readings are too few, no step shows above the noise, or levels do not follow the states.
    """
    if len(spans) < 2:
        return None
    shortest = min(end - begin for begin, end, _ in spans)
    width = shortest / BINS
    levels, spreads = [], []
    for begin, end, _ in spans:
        inside = watts[(times >= end - _LEVEL * (end - begin)) & (times < end)]
        if len(inside) < 3:
            return None
        levels.append(float(inside.mean()))
        spreads.append(float(inside.var()))
    if not _consistent(levels, [state for *_, state in spans]):
        return None
    sums, weights = np.zeros(BINS), np.zeros(BINS)
    for (begin, *_), before, level in zip(spans[1:], levels, levels[1:], strict=False):
        step = level - before
        lag = times - begin
        early = (lag >= 0) & (lag < shortest)
        place = np.minimum((lag[early] / width).astype(np.int64), BINS - 1)
        sums += np.bincount(place, (level - watts[early]) * step, BINS)
        weights += np.bincount(place, minlength=BINS) * step**2
    power = float(np.square(np.diff(levels)).sum())
    if power == 0 or (weights == 0).sum() > BINS / 2:
        return None
    left = np.divide(sums, weights, out=np.zeros(BINS), where=weights > 0)
    period = _period(times, watts, spans)
    # readings of a bin that are one value again and again count once
    fresh = max(1.0, width / period) if period else 1.0
    noise = math.sqrt(float(np.mean(spreads)) / fresh / power)
    if 3 * noise > 0.2:
        return None
    return Seen(width, left, noise, period)


def _consistent(levels: Sequence[float], states: Sequence[str]) -> bool:
    """Whether stretches in the same state have about the same level."""
    values = np.array(levels)
    own = np.array(
        [np.mean([v for v, other in zip(levels, states, strict=True) if other == state]) for state in states]
    )
    whole = float(values.var())
    return whole > 0 and float(((values - own) ** 2).mean()) <= (1 - CONSISTENT) * whole


def _period(times: NDArray[np.float64], watts: NDArray[np.float64], spans: Sequence[Span]) -> float:
    """Seconds between new values, from when the readings change."""
    inside = (times >= spans[0][0]) & (times < spans[-1][1])
    seen = times[inside]
    changes = seen[1:][np.diff(watts[inside]) != 0]
    if len(changes) < 3 * len(spans):
        return 0.0  # it changes with the states alone: a quiet board, of which only the steps tell
    return float(np.quantile(np.diff(changes), 0.9))


def spans_of(record: Record) -> list[Span]:
    """When each state of a recording was kept: from the end of the window before. The first is left out, whose start is not known."""
    windows = sorted(record.windows, key=lambda window: window.start)
    return [(before.end, window.end, window.state) for before, window in itertools.pairwise(windows)]
