"""How quickly a sensor answers.

A reading may be the mean of seconds that lie before it, and may itself be old. Read in a window of ten seconds, a sensor that shows
the mean of the last seventeen tells of the state before, so that every difference comes out too small, with a small spread.
"""

from dataclasses import dataclass

CLOCK = 1.1
"""Chips time their conversions by a clock of their own: the INA226's are at most 10 % longer than typical (SBOS547B, 6.5)."""


@dataclass(frozen=True)
class Response:
    """How quickly a sensor answers; times in seconds."""

    period: float
    """Between two new values."""
    reach: float
    """How far back a reading can look: the time over which it is a mean, and its age."""
    source: str
    """How this is known, for the reader of a report."""
    residue: float = 0.0
    """Share of a step that may be left in a reading after `reach`, 0 to 1; 0 for a mean over a limited time."""

    def remains(self, seconds: float) -> float:
        """Largest share of a step that is left in the mean of a window that begins `reach` after the step.

        What is left is taken to decay as it did before, so of a window much longer than `reach` it fills a part only.
        """
        return self.residue * min(1.0, self.reach / seconds)


def block(seconds: float, source: str) -> Response:
    """Of a sensor that shows the mean of the last whole block of so many seconds.

    Just before the next one is ready, its reading reaches back two blocks. A moving mean reaches less far.
    """
    return Response(seconds, 2 * seconds, source)
