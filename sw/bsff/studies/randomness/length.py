"""A thousand million draws of one generator: ``python -m bsff.studies.randomness.length --log FILE``.

The draws follow each other as a tile of p-bits takes them. Each piece is eight sequences of a million; what is written down
of a piece are counts, so that pieces add up.
"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bsff.contract import formats
from bsff.golden import lfsr
from bsff.tools import pieces
from bsff.tools.pieces import Record
from bsff.tools.program import command

from .firing import fire, firing_probability, level
from .measurements import LAGS, PROBABILITIES
from .sp800_22 import LONG, LONG_TESTS, SHORT_TESTS, allowed, chance, tenths, uniformity
from .statistics import Ints, special
from .streams import stream

SEQUENCES = 8
"""Of a piece."""
PIECE = SEQUENCES * LONG
"""Draws of a piece."""
PIECES = math.ceil(1e9 / PIECE)
"""Pieces of a thousand million draws."""


def piece(seed: int, number: int, *, draws: int = PIECE) -> Record:
    """What one piece counts.

    Parameters
    ----------
    draws : int
        Of the piece, a multiple of four; fewer than `PIECE` are for trying it.
    """
    words = draws // formats.DRAWS
    begin = lfsr.jump(lfsr.seed_state(seed, 10), number * words)
    drawn = lfsr.slices(stream(begin, words))
    fired = {p: fire(drawn, p) for p in PROBABILITIES}
    bits = fired[0.5].astype(np.uint8)
    ones, joint = [], []
    for series in fired.values():
        ones.append(int(series.sum(dtype=np.float64)))
        joint.append([int(np.dot(series[:-lag], series[lag:])) for lag in LAGS])
    sequences = bits.reshape(-1, min(LONG, draws))
    tests = {test.__name__: _counts([test(each) for each in sequences]) for test in (*SHORT_TESTS, *LONG_TESTS)}
    return {"draws": draws, "ones": ones, "joint": joint, "tests": tests}


def _counts(rows: list[list[float]]) -> dict[str, Any]:
    """Of each of a test's p-values: how many are below 0.01, and how many in each tenth; of sequences that it was made for."""
    p = np.array([row for row in rows if row])
    if not p.size:
        return {"sequences": 0, "below": [], "tenths": []}
    return {"sequences": len(p), "below": (p < 0.01).sum(0).tolist(), "tenths": tenths(p).tolist()}


def _added(records: Sequence[Record], test: str) -> tuple[int, Ints, Ints]:
    """Sequences, and of each p-value how many were below 0.01, and in each tenth."""
    made = [record["tests"][test] for record in records if record["tests"][test]["sequences"]]
    if not made:
        return 0, np.zeros(0, np.int64), np.zeros((0, 10), np.int64)
    return (
        sum(each["sequences"] for each in made),
        np.sum([each["below"] for each in made], 0),
        np.sum([each["tenths"] for each in made], 0),
    )


def page(records: Sequence[Record]) -> str:
    """The text of ``docs/results/randomness-length.md``."""
    draws = sum(record["draws"] for record in records)
    seeds = sorted({record["seed"] for record in records})
    lines = [
        "# A thousand million p-bits",
        "",
        f"Made by `python -m bsff.studies.randomness.length --seed {seeds[0]} --log FILE`, which may be ended and begun again: **{draws:,} draws**",
        f"of one generator, one after another, as the p-bits of a layer take them, in {len(records)} pieces. [Randomness](randomness.md) has the shorter tests of other",
        "streams and of p-bits side by side.",
        "",
        "## Firing and correlation",
        "",
        f"Draws that fired, beside what the noise table says; the largest correlation of a p-bit with the {len(LAGS)} after it. In brackets, standard deviations of a perfect",
        "generator, of which the largest of 64 correlations is above 3.7 once in 70.",
        "",
        "| p | fired | expected | largest correlation |",
        "|---|---|---|---|",
    ]
    for number, odds in enumerate(PROBABILITIES):
        p = float(firing_probability(np.array([level(odds)]))[0])
        ones = sum(record["ones"][number] for record in records)
        z = (ones - draws * p) / math.sqrt(draws * p * (1 - p))
        joint = np.sum([record["joint"][number] for record in records], 0)
        pairs = draws - len(records) * np.array(LAGS)
        r = (joint / pairs - p**2) / (p - p**2)
        # the rate itself scatters, which moves all lags alike: it is taken off
        r -= 2 * p * (ones / draws - p) / (p - p**2)
        worst = int(np.abs(r).argmax())
        lines.append(
            f"| {odds:g} | {ones / draws:.6f} ({z:+.1f}) | {p:.6f} "
            f"| {r[worst]:+.6f} at {LAGS[worst]} ({r[worst] * math.sqrt(pairs[worst]):+.1f}) |"
        )
    lines += [
        "",
        "## NIST SP 800-22",
        "",
        f"p-bits at one half, in sequences of {LONG:,}. NIST allows so many sequences with p < 0.01 (three standard deviations), which a perfect generator crosses in one p-value of",
        'some 500, and a p-value of uniformity of 0.0001. "Worst" is of all p-values of a test; the chance is that of a perfect generator to have one as bad or worse among them.',
        "",
        "| test | p-values | sequences | below 0.01, worst | allowed | above it | chance | uniformity, worst | chance |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for test in (each.__name__ for each in (*SHORT_TESTS, *LONG_TESTS)):
        lines.append(_row(test, *_added(records, test)))
    return "\n".join([*lines, ""])


def _row(test: str, sequences: int, below: Ints, counts: Ints) -> str:
    if not sequences:
        return f"| {test} | 0 | 0 | | | | | | |"
    worst, uniform, columns = int(below.max()), uniformity(counts), len(below)
    chances = [1 - (1 - each) ** columns for each in (chance(worst, sequences), uniform)]
    return (
        f"| {test} | {columns} | {sequences:,} | {worst} | {allowed(sequences)} | {int((below > allowed(sequences)).sum())} "
        f"| {chances[0]:.3f} | {uniform:.4f} | {chances[1]:.3f} |"
    )


@command("randomness.length")
def main(arguments: Sequence[str] | None = None, /) -> int:
    """Do the pieces that are missing, print the page."""
    parser = argparse.ArgumentParser(
        prog="python -m bsff.studies.randomness.length",
        description="Put a thousand million p-bits through the tests, in pieces; print Markdown.",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the stream (default 1)")
    parser.add_argument(
        "--log", type=Path, required=True, help="counts of the pieces; those that are there are not made again"
    )
    parser.add_argument(
        "--pieces", type=int, default=PIECES, metavar="N", help=f"of {PIECE:,} draws (default {PIECES})"
    )
    chosen = parser.parse_args(arguments)
    special()  # before an hour of work
    records = pieces.work(chosen.log, chosen.seed, range(chosen.pieces), lambda number: piece(chosen.seed, number))
    print(page(records), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
