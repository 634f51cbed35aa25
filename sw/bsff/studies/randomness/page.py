"""The text of ``docs/results/randomness.md``."""

from collections.abc import Iterable, Sequence

import numpy as np

from bsff.contract import formats
from bsff.golden import lfsr

from .firing import fire
from .measurements import PROBABILITIES, SAMPLES, SEQUENCES, Measurements, recovery
from .sp800_22 import LONG, SHORT, Verdict, linear_complexity
from .streams import stream


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(r) + " |" for r in (head, ["---"] * len(head), *rows)] + [""]


def page(measured: Measurements) -> str:
    """The text of ``docs/results/randomness.md``."""
    odds = [f"p = {p:g}" for p in PROBABILITIES]
    mean, single = recovery()
    draws = lfsr.slices(stream(lfsr.seed_state(measured.seed, 9), 2048))
    fired = fire(draws, 0.5).astype(np.uint8)
    whole, unit = (int(linear_complexity(b[None, :2048])[0]) for b in (fired, fired[:: formats.DRAWS]))

    def cell(v: Verdict) -> str:
        return f"{v.failures}" + ("" if v.uniformity is None else f"; {v.uniformity:.4f}")

    lines = [
        "# Randomness of the p-bits",
        "",
        f"Made by `python -m bsff.studies.randomness --seed {measured.seed} > docs/results/randomness.md`, from the golden",
        "model's generator and noise table. `tests/studies/test_randomness.py` and `tests/studies/test_sp800_22.py` assert the limits,",
        "and show that each test can fail.",
        "",
        "## Correlation",
        "",
        "Largest magnitude of all correlations of a kind; the limit is 0.01. An estimate from N values has a standard",
        "deviation of 1/sqrt(N), 0.0014 for 524,288 values. `tests/golden/test_lfsr.py` proves more: the bits that two",
        "p-bits of one generator use are exactly independent at every distance up to one sample of these layers.",
        "",
        *_table(
            ["p-bits", "correlations", "values", *odds],
            [[c.what, f"{c.count:,}", f"{c.samples:,}", *(f"{w:.4f}" for w in c.worst)] for c in measured.correlations],
        ),
        "## Counts of a tile",
        "",
        f"p-value of Pearson's chi-square of {2 * SAMPLES:,} counts against the exact Poisson-binomial distribution",
        "of the noise table (bins that expect fewer than ten are joined); p is the firing probability of the middle of",
        "the tile. M = 1 is the firing rate itself.",
        "",
        *_table(["M", *odds], [[str(m), *(f"{p:.4f}" for p in row)] for m, row in measured.tiles.items()]),
        "## NIST SP 800-22",
        "",
        f"{SEQUENCES} sequences of {SHORT:,} bits; the last four tests, which need a million, get the same bits in",
        f"sequences of {LONG:,} (2.14 and 2.15 only those with 500 cycles). In a cell: sequences with p < 0.01, of",
        "the worst of the test's p-values; then the p-value of the p-values' uniformity, again the worst. NIST's lines",
        "are the number allowed and 0.0001. A perfect generator crosses the first in 0.4 % of the p-values with 64",
        "sequences and in 8 % with 8, so that some do; the tests assert what one of ten thousand seeds would violate.",
        "",
        *_table(
            ["test", "p-values", "sequences", "allowed", *measured.nist],
            [
                [
                    v[0].test,
                    str(max(w.columns for w in v)),
                    "/".join(sorted({str(w.sequences) for w in v})),
                    "/".join(sorted({str(w.allowed) for w in v})),
                    *map(cell, v),
                ]
                for v in zip(*measured.nist.values(), strict=True)
            ],
        ),
        "## Limits of the generator",
        "",
        "It is linear over GF(2), and that can be seen by a test which looks for it:",
        "",
        f"- linear complexity of one unit's firing at p = 0.5 over positions: {unit} (2,048 bits; a perfect generator",
        f"  has 1,024); of all p-bits in their order: {whole}. NIST's linear complexity test with blocks of 500 bits",
        "  does not see the second; it rejects the first with certainty.",
        "- four patterns of three draws are related in bits of their indices (`tests/golden/test_lfsr.py` lists them): their",
        "  triple correlation is below 0.0003 if the three fire with one probability, below 0.01 whatever they fire",
        "  with. An eleventh index bit of the noise table would relate pairs.",
        f"- from a state with a single 1, the mean number of ones is normal after {mean} steps, and the number of each",
        f"  of the 64 such states after {single}. `seed_state` gives any of 2**64 - 1 states; after reset it is 1.",
        "",
    ]
    return "\n".join(lines)
