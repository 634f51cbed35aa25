"""What a power sensor is, and how far it may be trusted."""

from dataclasses import dataclass
from typing import Protocol

from .response import Response


@dataclass(frozen=True)
class Accuracy:
    """How wrong a sensor may be; every figure is the half-width of a 95 % interval."""

    gain: float
    """Relative error of a reading, the same for all readings of a session."""
    offset: float
    """Watts added to every reading."""
    shunt: float = 0.0
    """Relative tolerance of the shunt resistor, where power is computed with its value; else 0."""
    linearity: float | None = None
    """Relative error that may differ between two readings far apart, which a difference does not cancel. None: not
    known, so taken to be as large as `gain`. On a board of 10 W with a difference of 1 W, a gain of 1 % is then an
    uncertainty of 14 %."""
    resolution: float | None = None
    """Watts between two values that a reading can have. None: not known, so taken to be the smallest difference of any two
    readings, which is much too large for a quiet board that shows few values."""

    def __post_init__(self) -> None:
        for name in ("gain", "offset", "shunt", "linearity", "resolution"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise ValueError(f"accuracy {name} = {value}: expected a number from 0 on, the half-width of 95 %")

    @property
    def curvature(self) -> float:
        """`linearity`, or what is assumed for it."""
        return self.gain if self.linearity is None else self.linearity


class Sensor(Protocol):
    """Something that tells watts, or counts joules."""

    name: str
    """Name by which ``--sensor`` chooses it."""
    what: str
    """What it measures, for the reader of a report."""
    accuracy: Accuracy
    response: Response | None
    """How quickly it answers, by its driver or registers; None where they do not tell, so that it is tried out."""
    wraps: tuple[float, ...] | None
    """None for a sensor of power. For a counter of energy: joules after which it may begin at 0 again."""

    def read(self) -> float:
        """Watts now; of a counter, joules since some time.

        Raises
        ------
        PowerError
            If it does not answer, as when it was unplugged.
        """
