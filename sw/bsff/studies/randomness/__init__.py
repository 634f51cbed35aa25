"""How random the p-bits of the golden model are: correlations, tile counts, NIST SP 800-22.

``python -m bsff.studies.randomness > docs/results/randomness.md`` measures everything and writes the page. Floats are fine
here: nothing in this package is part of the machine. p-values need scipy.
"""

from .firing import FRACTION_BITS, fire, firing_probability
from .measurements import LAGS, PROBABILITIES, SEQUENCES, measure, recovery, tile_counts
from .statistics import (
    autocorrelation,
    chi_square,
    cross_correlation,
    p_value,
    poisson_binomial,
    pooled,
    triple_correlation,
)
from .streams import positions, starts, stream

__all__ = [
    "FRACTION_BITS", "LAGS", "PROBABILITIES", "SEQUENCES", "autocorrelation", "chi_square", "cross_correlation",
    "fire", "firing_probability", "measure", "p_value", "poisson_binomial", "pooled", "positions", "recovery",
    "starts", "stream", "tile_counts", "triple_correlation",
]  # fmt: skip
