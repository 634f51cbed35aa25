"""A value with its 95 % interval, whose parts come from different sources."""

import math
from dataclasses import dataclass

MANY = 1_000_000
"""Degrees of freedom of what is known and not estimated."""
# Student's t, 97.5 %, by degrees of freedom from 1
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True)
class Interval:
    """A value and the half-widths of its 95 % interval."""

    value: float
    spread: float
    """From how the repeats differ."""
    sensor: float
    """From the sensor's gain, offset, shunt, linearity and resolution."""
    lag: float = 0.0
    """Bound of what the state before may have left in a slow sensor's readings; it has a direction, so it is added."""
    freedom: int = MANY
    """Degrees of freedom of `spread`."""

    @property
    def half(self) -> float:
        """Of the whole: variances added, with the effective degrees of freedom of Welch and Satterthwaite (JCGM 100:2008, G.4)."""
        repeats, sensor = (self.spread / student(self.freedom)) ** 2, (self.sensor / student(MANY)) ** 2
        if repeats == 0:
            return self.sensor + self.lag
        freedom = self.freedom * ((repeats + sensor) / repeats) ** 2
        return student(min(freedom, MANY)) * math.sqrt(repeats + sensor) + self.lag

    def __contains__(self, truth: float) -> bool:
        return abs(truth - self.value) <= self.half


def student(freedom: float) -> float:
    """97.5 % of Student's t.

    Parameters
    ----------
    freedom : float
        Degrees of freedom, from 1; between whole ones it is interpolated in their reciprocal.
    """
    if freedom < len(_T):
        low = int(freedom)
        share = (1 / low - 1 / freedom) * low * (low + 1)
        return _T[low - 1] + share * (_T[low] - _T[low - 1])
    # Cornish and Fisher's expansion, good to the third decimal here
    z = 1.959964
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
