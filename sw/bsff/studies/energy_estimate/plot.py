"""The picture of the page."""

from collections.abc import Sequence
from pathlib import Path

from bsff.tools.files import write_atomic

from .assumptions import NAMES
from .counting import BASELINES
from .estimate import Row

_PAPER = (10.0, 100.0)
"""The saving that a summary of the paper speaks of; its abstract says about one order of magnitude."""


def plot(savings: Sequence[Row], path: Path) -> None:
    """Intervals by network and M on the left, shares of the variance on the right; needs matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    chosen = [row for row in savings if row.baseline == BASELINES[0]]
    labels = list(dict.fromkeys((row.counted.network, row.counted.tile) for row in chosen))
    figure = Figure(figsize=(11, 2.2 + 0.42 * len(labels)), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    left.axvspan(*_PAPER, color="0.92", zorder=0)
    left.axvline(1, color="0.6", linewidth=0.8)
    for row in chosen:
        colour, marker = ("tab:blue" if row.memory else "tab:red"), ("o" if row.gate else "s")
        place = labels.index((row.counted.network, row.counted.tile))
        height = place + (-0.27 if row.memory else 0.09) + (0 if row.gate else 0.18)
        each = row.spread
        name = (
            f"{'with' if row.memory else 'without'} memory, {'with' if row.gate else 'without'} gate"
            if place == 0
            else None
        )
        left.plot([each.low, each.high], [height, height], color=colour, linewidth=2, alpha=0.55, solid_capstyle="butt")
        left.plot(
            each.middle,
            height,
            marker,
            color=colour,
            markersize=5,
            mfc=colour if row.gate else "white",
            label=name,
            linestyle="none",
        )
    left.set_xscale("log")
    left.set_yticks(range(len(labels)), [f"{network}, M = {tile}" for network, tile in labels])
    left.invert_yaxis()
    left.set_xlabel(f"energy of {BASELINES[0]} over that of this machine")
    left.set_title("estimated saving, 95 % of the draws; grey: 10 to 100", fontsize=10)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=4, fontsize=8, frameon=False)
    first = chosen[0].counted
    for offset, memory, colour in ((-0.2, True, "tab:blue"), (0.2, False, "tab:red")):
        row = next(r for r in chosen if r.counted is first and r.gate and r.memory is memory)
        shares = [max(0.0, 100 * row.spread.first[name]) for name in NAMES]
        right.barh(
            [k + offset for k in range(len(NAMES))],
            shares,
            0.38,
            color=colour,
            alpha=0.75,
            label=f"{'with' if memory else 'without'} memory",
        )
    right.set_yticks(range(len(NAMES)), NAMES, fontsize=8)
    right.invert_yaxis()
    right.set_xlabel("share of the variance, per cent")
    right.set_title(f"what carries it ({first.network}, M = {first.tile})", fontsize=10)
    right.legend(fontsize=7, frameon=False, loc="lower right")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    write_atomic(path, lambda file: figure.savefig(file, dpi=110, format="png"))
