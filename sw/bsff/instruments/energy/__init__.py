"""Energy estimated from what is counted: operations times published energies. Measurements are in `bsff.instruments.power`."""

from .count import ALGORITHMS, Counts, count
from .published import SOURCE, Energies
from .sampled import learnt

__all__ = ["ALGORITHMS", "SOURCE", "Counts", "Energies", "count", "learnt"]
