"""Whether a finished recording bears out how quickly its sensor was said to answer."""

import numpy as np

from bsff.errors import PowerError

from .protocol import Record
from .response import Response
from .steps import BINS, observe, spans_of
from .timing import timing_of

ALLOWED = 0.05
"""Share of a step that may be left in windows before a recording is refused."""
_AVERAGING = "give the time over which it averages, from its data sheet, as --averaging SECONDS"


def verify(record: Record, response: Response | None, name: str) -> float:
    """Share of the step from the state before that may be left in the mean of a window, for `estimate`.

    Parameters
    ----------
    record : Record
    response : Response or None
        What the windows were made for; None for a meter of which nothing is known, so that the recording alone must tell.
    name : str
        Of the sensor, for messages.

    Raises
    ------
    PowerError
        If the readings in the windows still follow the state before, or nothing is known of the sensor.
    """
    timing = timing_of(record)
    seconds, settle = timing.seconds, timing.settle
    seen = observe(record.times, record.watts, spans_of(record))
    if seen is None:
        if response is None:
            raise PowerError(
                f"{name}: its readings do not show the changes of state, so how quickly it answers is not known; expected steps "
                f"above the noise: {_AVERAGING}"
            )
        return response.remains(seconds)
    late = (np.arange(BINS) + 0.5) * seen.width >= settle
    left = abs(float(seen.left[late].mean())) if late.any() else 0.0
    if left > max(ALLOWED, 4 * seen.noise):
        raise PowerError(
            f"{name}: {100 * left:.0f} % of a step between states is still to come in windows that begin {settle:.3g} s after it, "
            f"expected less than {100 * ALLOWED:.0f} %: the sensor averages for longer than was known; {_AVERAGING}, or measure with a "
            f"longer --settle"
        )
    if response is not None:
        return response.remains(seconds)
    settled = seen.settled
    if settled is None or settled > settle + seen.width:
        raise PowerError(
            f"{name}: its readings settle {'not at all' if settled is None else f'{settled:.3g} s'} after a change of state, the windows "
            f"begin {settle:.3g} s after it; expected a wait that is longer: record again with a longer --settle, or {_AVERAGING}"
        )
    return float(
        seen.threshold ** min(1.5, settle / max(settled, seen.width)) * min(1.0, max(settled, seen.width) / seconds)
    )
