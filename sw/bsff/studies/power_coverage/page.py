"""The page of the results."""

from collections.abc import Sequence

import numpy as np

from .board import ACCURACY, RATE, WATTS
from .cases import BOUNDED, CASES, EXAMPLES
from .coverage import TRUTH, Case, Outcome, cover, run, unaware

_HEAD = "| sensor | measured | refused | total | above idle | above traffic | above idle, mJ (mean) | half-width, mJ (median) | minutes |\n|---|---|---|---|---|---|---|---|---|"


def page(seed: int, experiments: int) -> str:
    """Simulate, and write Markdown.

    Parameters
    ----------
    seed : int
    experiments : int
        Measurements of each case.
    """
    rng = np.random.default_rng(seed)
    error = 100 * np.sqrt(0.95 * 0.05 / experiments)
    watts = ", ".join(f"{state} {each:g} W" for state, each in WATTS.items())
    parts = [
        "# Coverage of the intervals of `bsff power`",
        f"Made by `python -m bsff.studies.power_coverage --seed {seed} --experiments {experiments} > docs/results/power-coverage.md`. "
        "Simulated boards and sensors, nothing measured.",
        f"A board takes {watts} and learns {RATE:,.0f} samples a second: the truth is {1e3 * TRUTH['total']:g} mJ a sample in all, "
        f"{1e3 * TRUTH['dynamic']:g} above idle, {1e3 * TRUTH['core']:g} above traffic. A state comes back 10 mW off (standard deviation) "
        "unless said otherwise, and a new value of the sensor has a noise of 5 mW. The sensor's faults are drawn in each measurement from "
        f"what it claims: gain {ACCURACY.gain:g}, shunt {ACCURACY.shunt:g}, offset {ACCURACY.offset:g} W, linearity {ACCURACY.linearity:g}. "
        "Each measurement runs the code of `bsff power`: trial, choice of windows, protocol, verification, estimate.",
        "## The two sensors that once were wrong without a warning",
        "Energy above idle, in mJ a sample; the truth is 1. Before: windows of 10 s after a second, whatever the sensor. "
        "Told: the driver or the registers say how long it averages. Tried out: they do not.",
        _examples(rng),
        "## Sensors that say how quickly they answer",
        f"Share of {experiments} measurements whose 95 % interval holds the truth, in per cent; the standard deviation of such a share is "
        f"{error:.1f} %.",
        _table(CASES, rng, experiments),
        "## Sensors that are tried out, and rounding on a quiet board",
        "What may be left of the state before is bounded and added to the interval, and so is rounding where no noise takes it out of the "
        "mean. A bound errs towards too much, so most of these intervals hold the truth in more than 95 %.",
        _table(BOUNDED, rng, experiments),
    ]
    return "\n\n".join(parts) + "\n"


def _examples(rng: np.random.Generator) -> str:
    rows = ["| sensor | before | told | tried out |\n|---|---|---|---|"]
    for case in EXAMPLES:
        tried = Case(case.name, case.sensor, declared=False)
        results = (unaware(case, rng), run(case, rng)[0], run(tried, rng)[0])
        rows.append(
            f"| {case.name} | {' | '.join(f'{1e3 * r.dynamic.value:.3f} ± {1e3 * r.dynamic.half:.3f}' for r in results)} |"
        )
    return "\n".join(rows)


def _table(cases: Sequence[Case], rng: np.random.Generator, experiments: int) -> str:
    return "\n".join([_HEAD, *(_row(case, cover(case, rng, experiments)) for case in cases)])


def _row(case: Case, outcome: Outcome) -> str:
    shares = " | ".join(f"{100 * outcome.coverage(name):.1f}" for name in TRUTH)
    value, half = 1e3 * np.mean(outcome.values), 1e3 * np.median(outcome.halves)
    minutes = np.mean(outcome.minutes)
    return f"| {case.name} | {outcome.measured} | {outcome.refused} | {shares} | {value:.3f} | {half:.3f} | {minutes:.0f} |"
