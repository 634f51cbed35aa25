"""Finds out how quickly a sensor answers that does not say so: the machine goes from idle to training and back."""

import time
from collections.abc import Callable

from bsff.errors import PowerError

from .protocol import Record, Window, Workload, readings
from .response import Response
from .sampler import Sampler
from .steps import Seen, observe
from .timing import LONGEST

LENGTHS = (2.0, 6.0, 20.0, 60.0)
"""Seconds of a state, one after the other until the readings come to rest within it."""
_STATES = ("idle", "training", "idle", "training")
_CLEAR = 0.1
"""A step must show this well above the noise, else a longer trial follows."""
_MARGIN = 1.5
"""Of the time in which readings settled: few steps were seen, and another may meet the sensor at a worse moment. Of a sensor
that decays exponentially, a share of 0.04 left is 0.008 after this."""


def response_of(seen: Seen, source: str) -> Response | None:
    """What a stack of steps says of the sensor, None if its readings did not come to rest."""
    settled = seen.settled
    if settled is None:
        return None
    period = seen.period or settled
    return Response(period, _MARGIN * settled + period, source, seen.threshold**_MARGIN)


def probe(
    workload: Workload,
    sampler: Callable[[], Sampler],
    name: str,
    *,
    clock: Callable[[], float] = time.monotonic,
    report: Callable[[str], None] = lambda text: None,
) -> Response:
    """Try a sensor out.

    Parameters
    ----------
    workload : Workload
        With the states ``idle`` and ``training``.
    sampler : callable
        Makes a sampler of the sensor, once for each trial.
    name : str
        Of the sensor, for messages.

    Raises
    ------
    PowerError
        If the readings follow neither state, or do not come to rest in the longest trial.
    """
    seen = None
    for length in LENGTHS:
        report(f"{name} does not say how quickly it answers; trying it out, {len(_STATES) * length:g} s")
        record = _trial(workload, sampler(), length, clock)
        seen = observe(
            record.times, record.watts, [(window.start, window.end, window.state) for window in record.windows]
        )
        last = length == LENGTHS[-1]
        if seen is not None and (last or seen.threshold <= _CLEAR):
            found = response_of(seen, "tried out")
            if found is not None and found.reach <= LONGEST:
                return found
    why = "show no difference between idle and training" if seen is None else "do not come to rest"
    raise PowerError(
        f"{name}: its readings {why} in {LENGTHS[-1]:g} s of each, so how quickly it answers is not known; expected a step that "
        "settles: give the time over which it averages, from its data sheet, as --averaging SECONDS, or use another sensor"
    )


def _trial(workload: Workload, sampler: Sampler, length: float, clock: Callable[[], float]) -> Record:
    windows = []
    sampler.start()
    try:
        for place, state in enumerate(_STATES):
            start = clock()
            # not a whole number of refreshes each, lest every step meets the sensor at the same moment
            workload.run(state, length * (1 + 0.07 * place))
            windows.append(Window(state, place, start, clock(), 0))
            sampler.check()
    except BaseException:
        try:
            sampler.stop()
        except PowerError as error:
            raise error from None
        raise
    return readings(sampler, windows)
