"""Windows and waits that fit how quickly a sensor answers."""

import itertools
from dataclasses import dataclass

from bsff.errors import PowerError

from .protocol import MIN_SECONDS, Record
from .response import Response

FRESH = 2
"""New values of the sensor in a window, at least."""
COUNTED = 8
"""The same of a counter of energy, of which only what lies between two changes within a window is used."""
LONGEST = 120.0
"""A sensor that looks back for longer is refused: five repeats would take hours, in which boards drift."""
SETTLE = 1.0
"""Seconds for regulators and caches to settle, whatever the sensor."""


@dataclass(frozen=True)
class Timing:
    """Of a measurement; seconds."""

    seconds: float
    """Length of a window."""
    settle: float
    """In a state before its window begins."""


def fit(
    response: Response,
    name: str,
    *,
    seconds: float | None,
    settle: float | None,
    fresh: int = FRESH,
    remedy: str = "leave the option out, or let the sensor average less",
) -> Timing:
    """Times that fit a sensor: those asked for, or what is needed where nothing was asked for.

    Parameters
    ----------
    response : Response
    name : str
        Of the sensor, for messages.
    seconds, settle : float or None
        As in `Timing`, if the user chose them.
    fresh : int
        New values in a window, at least: `FRESH`, or `COUNTED`.
    remedy : str
        What to do if they are too short.

    Raises
    ------
    PowerError
        If those asked for are too short, or the sensor is too slow for any.
    """
    if not response.reach <= LONGEST:
        raise PowerError(
            f"{name}: a reading looks back {response.reach:.3g} s ({response.source}), expected at most {LONGEST:g} s; let the "
            "sensor average less (hwmon: write milliseconds to its update_interval), or use another one"
        )
    window, wait = fresh * response.period, response.reach
    for option, value, needed in (("--seconds", seconds, window), ("--settle", settle, wait)):
        if value is not None and value < needed:
            raise PowerError(
                f"{option} {value:g}: {name} has a new value every {response.period:.3g} s and looks back {response.reach:.3g} s "
                f"({response.source}), so at least {needed:.3g} s are expected; {remedy}"
            )
    return Timing(
        max(MIN_SECONDS, window) if seconds is None else seconds, max(SETTLE, wait) if settle is None else settle
    )


def timing_of(record: Record) -> Timing:
    """The shortest window of a recording, and the shortest wait before one; 0 without windows."""
    windows = sorted(record.windows, key=lambda window: window.start)
    return Timing(
        min((window.end - window.start for window in windows), default=0.0),
        min((after.start - before.end for before, after in itertools.pairwise(windows)), default=0.0),
    )
