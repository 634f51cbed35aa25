"""NIST SP 800-22: fifteen tests of random bits.

Written from the text of revision 1a, section 2; checked against the p-values of its appendix B. A test takes one
sequence of 0 and 1 and returns its p-values.
"""

from .linear import complexity, linear_complexity, rank
from .ones import block_frequency, frequency, longest_run, runs, spectral
from .patterns import entropy, overlapping, serial, templates, universal
from .verdicts import LONG, LONG_TESTS, SHORT, SHORT_TESTS, Verdict, allowed, chance, nist, tenths, uniformity, verdict
from .walk import cumulative, excursions, variant

__all__ = [
    "LONG", "LONG_TESTS", "SHORT", "SHORT_TESTS", "Verdict", "allowed", "block_frequency", "chance", "complexity", "cumulative", "entropy",
    "excursions", "frequency", "linear_complexity", "longest_run", "nist", "overlapping", "rank", "runs", "serial",
    "spectral", "templates", "tenths", "uniformity", "universal", "variant", "verdict",
]  # fmt: skip
