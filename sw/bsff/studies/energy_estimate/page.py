"""The page of the results."""

from collections.abc import Sequence

import numpy as np

from .assumptions import ASSUMPTIONS
from .counting import BASELINES, LOOK, Counted, machine_groups
from .estimate import Row
from .processes import HALF_ADD, HALF_MULTIPLY, LARGE_MEMORY, PROCESSES
from .spread import Spread

PICTURE = "energy-estimate.png"


def page(found: Sequence[Counted], savings: Sequence[Row], command: str, presentations: int, draws: int) -> str:
    """Markdown.

    Parameters
    ----------
    found : sequence of Counted
    savings : sequence of Row
    command : str
        That made it.
    presentations, draws : int
        Training samples before counting; draws of the assumptions.
    """
    first = found[0]
    main = [each for each in savings if each.counted is first and each.gate and each.baseline == BASELINES[0]]
    parts = [
        "# The energy saving, estimated with its assumptions",
        f"Made by `{command}`. Counted operations times published energies of chips; **nothing here is measured**, and nothing is of an FPGA.",
        f"![Savings by M with their intervals, and the share of each assumption]({PICTURE})",
        "## Savings",
        f"Energy of a training sample of a real-valued algorithm over that of this machine (BGBSFF) on the same network: the middle of "
        f"{draws:,} draws of all assumptions below, and the range of 95 % of them. Weights after {presentations:,} presentations with "
        f"constant steps; operations are the mean of the {LOOK:,} that follow. *Learnt*: share of the samples that pass the gate (mean over "
        "layers). *Active*: taps that are on, of all; with M p-bits a unit a tap counts up to M times.",
        _savings(found, savings),
        "## Which assumption carries which share",
        f"Of the variance of the logarithm of the saving ({first.network}, M = {first.tile}, with gate, against {BASELINES[0]}): Sobol's "
        "first-order indices; what is missing to 100 % belongs to assumptions together, below 1 % is noise of the draws. Beside it the "
        "smallest and the largest saving over an assumption's range while all others stand in the middle.",
        _shares(*(each.spread for each in main)),
        "## The assumptions",
        "Ranges without a source are ours. All are drawn independently, even over their range (over its logarithm where it says log).",
        _assumptions(),
        "Not varied, because it is what was built: each active tap reads its row of weights again at each position. A machine that shared "
        "a row between positions, as the baseline is allowed to share its weights, would save most of its memory's energy.",
        "## Processes",
        _processes(found),
        f"A half float's addition and multiplication cost {HALF_ADD:.2f} and {HALF_MULTIPLY:.2f} of a float's and a read from 1 MB "
        f"{LARGE_MEMORY:g} times one from 8 KB, both in Horowitz' table. The table of N. P. Jouppi et al. (Ten lessons, ISCA 2021) for 7 nm "
        "would be a fourth process; its page could not be read here, so it is left out.",
    ]
    return "\n\n".join(parts) + "\n"


def cell(each: Spread) -> str:
    """``8.2 (1.8 to 52)``."""
    return (
        f"{each.middle:.2g} ({each.low:.2g} to {each.high:.2g})"
        if each.high < 100
        else f"{each.middle:.0f} ({each.low:.0f} to {each.high:.0f})"
    )


def _savings(found: Sequence[Counted], savings: Sequence[Row]) -> str:
    table = {(id(r.counted), r.gate, r.baseline, r.memory): r.spread for r in savings}
    columns = [(name, memory) for memory in (True, False) for name in BASELINES]
    lines = [
        "| network | M | learnt | active | gate | "
        + " | ".join(f"{name}, {'with' if memory else 'without'} memory" for name, memory in columns)
        + " |",
        "|---" * (5 + len(columns)) + "|",
    ]
    for each in found:
        for gate in (True, False):
            cells = [cell(table[id(each), gate, name, memory]) for name, memory in columns]
            learnt = each.learnt if gate else 1.0
            lines.append(
                f"| {each.network} | {each.tile} | {100 * learnt:.0f} % | {100 * each.active:.0f} % | {'yes' if gate else 'no'} | "
                f"{' | '.join(cells)} |"
            )
    return "\n".join(lines)


def _shares(memory: Spread, bare: Spread) -> str:
    lines = ["| assumption | share, with memory | from, to | share, without memory | from, to |\n|---|---|---|---|---|"]
    for name in sorted(memory.first, key=lambda each: -memory.first[each]):
        cells = [
            f"{max(0.0, 100 * each.first[name]):.0f} % | {each.swing[name][0]:.3g}, {each.swing[name][1]:.3g}"
            for each in (memory, bare)
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _assumptions() -> str:
    lines = ["| assumption | range | why |\n|---|---|---|"]
    for each in ASSUMPTIONS:
        ends = f"{each.low:.3g} to {each.high:.3g}"
        text = {"choice": "either" if each.high == 1 else "each", "log": f"{ends}, log", "linear": ends}[each.scale]
        lines.append(f"| {each.name} | {text} | {each.why} |")
    return "\n".join(lines)


def _processes(found: Sequence[Counted]) -> str:
    first = found[0]
    groups = machine_groups(first, gate=True)
    bare = groups["arithmetic"] + groups["p-bits"]
    lines = [
        f"| process | add 32, pJ | multiply 8, pJ | float add, pJ | float multiply, pJ | 64 bits of 8 KB, pJ | {first.network}, M = {first.tile}: "
        "arithmetic, uJ | with memory, uJ | source | what was made |\n|---|---|---|---|---|---|---|---|---|---|"
    ]
    for k, each in enumerate(PROCESSES):
        e = each.energies
        prices = (e.add_32, e.multiply_8, e.float_add, e.float_multiply, e.memory_64)
        ours = (1e-6 * bare[k], 1e-6 * (bare[k] + groups["memory"][k]))
        figures = " | ".join(f"{np.float64(x):.3g}" for x in (*prices, *ours))
        lines.append(f"| {each.name} | {figures} | {each.source} | {each.made} |")
    return "\n".join(lines)
