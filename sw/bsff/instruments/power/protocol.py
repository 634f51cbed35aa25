"""The measurement: four states, interleaved, each again and again."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bsff.errors import PowerError

from .counter import slope, unwrap
from .sampler import Sampler

STATES = ("blank", "idle", "traffic", "training")
"""Nothing clocked; the machine waits; samples come and are thrown away; samples are learnt from."""
MIN_SECONDS = 10.0
"""Shortest window of a measurement that is worth the name (MLPerf Tiny)."""
MIN_REPEATS = 5


class Workload(Protocol):
    """What brings a machine into a state and keeps it there."""

    states: tuple[str, ...]

    def run(self, state: str, seconds: float) -> int:
        """Keep that state for about so long; returns how many samples were presented or thrown away."""


@dataclass(frozen=True)
class Window:
    """A stretch of time in one state."""

    state: str
    repeat: int
    """From 0; the windows of one repeat follow each other."""
    start: float
    end: float
    """`start` and `end`: seconds of the monotonic clock."""
    samples: int
    """Presented between them."""


@dataclass
class Record:
    """All readings, and what was done when."""

    times: NDArray[np.float64]
    watts: NDArray[np.float64]
    """`times` and `watts`: array of float, shape (N,). Seconds of the monotonic clock, rising; watts."""
    windows: list[Window] = field(default_factory=list)
    joules: NDArray[np.float64] | None = None
    """Shape (N,): what a counter of energy showed, rising; None for a sensor of power. `watts` are then its slope."""


def measure(
    workload: Workload,
    sampler: Sampler,
    *,
    seconds: float = MIN_SECONDS,
    repeats: int = MIN_REPEATS,
    settle: float = 1.0,
    clock: Callable[[], float] = time.monotonic,
    report: Callable[[str], None] = lambda text: None,
) -> Record:
    """Go through the states of a workload, `repeats` times, while a sensor is read.

    Every repeat begins with another state, so that a board that warms up does not favour one.

    Parameters
    ----------
    seconds : float
        Length of a window.
    settle : float
        Seconds in a state before its window begins: the filter of the sensor and the regulators settle.
    report : callable
        Told what is under way, when its window begins, and the end.

    Raises
    ------
    PowerError
        If a number makes no sense, or the sensor fails.
    """
    if not (0 < seconds < math.inf and 0 <= settle < math.inf and repeats >= 2):
        raise PowerError(
            f"windows of {seconds} s after {settle} s, {repeats} repeats: expected finite times above 0 and 2 repeats or more, "
            "since an interval comes from how the repeats differ"
        )
    windows: list[Window] = []
    sampler.start()
    try:
        for repeat in range(repeats):
            turn = repeat % len(workload.states)
            for state in (*workload.states[turn:], *workload.states[:turn]):
                workload.run(state, settle)
                report(f"repeat {repeat + 1} of {repeats}: {state}")
                start = clock()
                samples = workload.run(state, seconds)
                windows.append(Window(state, repeat, start, clock(), samples))
                sampler.check()
        report("end")
    except BaseException:
        try:
            sampler.stop()
        except PowerError as error:
            raise error from None  # a sensor that failed explains the rest
        raise
    return readings(sampler, windows)


def readings(sampler: Sampler, windows: list[Window]) -> Record:
    """End a sampler, and join what it read to what was done.

    Raises
    ------
    PowerError
        If the sensor failed.
    """
    times, values = sampler.stop()
    if sampler.wraps is None:
        return Record(times, values, windows)
    joules = unwrap(values, sampler.wraps)
    return Record(times, slope(times, joules), windows, joules)
