"""Plots of a sweep."""

import io
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, NullFormatter

from bsff.tools.files import write_atomic

from .groups import check_keys, group, select
from .tables import label_of, name_of

KEYS = ("title", "kind", "points", "x", "y", "series", "panels", "where", "log", "free")
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's palette, which colour-blind readers can tell apart."""
WIDE = 40
"""Letters of a line of an axis' label: longer ones would run out of the picture."""
STYLE: Any = {
    "svg.hashsalt": "bsff",
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def plot(frame: pandas.DataFrame, wanted: dict[str, Any], path: Path, *, where: str) -> bool:
    """Draw one ``[[plot]]``.

    Parameters
    ----------
    frame : DataFrame
        From `groups.prepare`.
    wanted : dict
        ``points``: columns that tell the points apart, each the mean over its seeds with its standard deviation as
        error bar; ``x``, ``y``: columns, y measured; ``series``: column whose values are lines; ``panels``: column whose
        values are panels; ``kind``: ``line``, or ``dots`` with the values of x one under another; ``log``: logarithmic x; ``where``,
        ``free`` as for a table; ``title``.
    path : Path
        Ending in ``.svg`` or ``.png``.

    Returns
    -------
    bool
        False if there is nothing to draw yet.

    Raises
    ------
    ConfigError
        If a key is unknown or does not fit the results.
    """
    check_keys(wanted, KEYS, where=where)
    x, y, series, panels = wanted["x"], wanted.get("y", "accuracy"), wanted.get("series"), wanted.get("panels")
    by = list(dict.fromkeys([*wanted.get("points", []), *(c for c in (series, panels) if c)]))
    measured = x not in by and x in frame.columns and _is_measured(frame, x)
    if not measured and x not in by:
        by.append(x)
    chosen = select(frame, wanted.get("where", {}), where=where)
    if chosen.empty:
        return False
    found = group(chosen, by, [y, *([x] if measured else [])], where=where, free=wanted.get("free", ()))
    parts = list(found.groupby(panels, sort=False)) if panels else [("", found)]
    lines = list(dict.fromkeys(found[series])) if series else [None]  # of all panels, so that a colour means one thing
    with matplotlib.rc_context(STYLE):
        dots = wanted.get("kind") == "dots"
        rows = [label_of(x, value) for value in dict.fromkeys(found[x])] if dots else []
        width = 4.3 + 0.085 * max((len(row) for row in rows), default=0)  # inches; names of rows stand beside the axis
        height = max(3.6, 1.2 + 0.4 * len(rows))
        size = (1.2 + width * len(parts), height)
        figure, axes = pyplot.subplots(1, len(parts), figsize=size, squeeze=False)
        for axis, (panel, part) in zip(axes[0], parts, strict=True):
            draw = _dots if dots else _lines
            draw(axis, part, x, y, series, lines, measured)
            axis.set_title(label_of(panels, panel) if panels else "", fontsize=10)
            axis.set_xlabel(textwrap.fill(name_of(y if dots else x), WIDE))
            if wanted.get("log"):
                axis.set_xscale("log")
                axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
                axis.xaxis.set_minor_formatter(NullFormatter())
        if not dots:
            axes[0][0].set_ylabel(name_of(y))
        named = {
            label: handle for axis in axes[0] for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
        }
        if series and named:
            labels = [label for name in lines if (label := label_of(series, name)) in named]
            place = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
            axes[0][-1].legend(
                [named[label] for label in labels], labels, title=name_of(series), frameon=False, **place
            )
        if wanted.get("title"):
            figure.suptitle(wanted["title"], fontsize=11)
        figure.tight_layout()
        buffer = io.BytesIO()
        kind = path.suffix[1:]
        figure.savefig(buffer, format=kind, dpi=120, metadata={"Date": None} if kind == "svg" else None)
        pyplot.close(figure)
    write_atomic(path, lambda file: file.write(buffer.getvalue()))
    return True


def _short(value: float) -> str:
    """A tick of a logarithmic axis: 0.005, 20, 50M."""
    return f"{value:g}" if value < 1000 else EngFormatter(sep="")(value)


def _is_measured(frame: pandas.DataFrame, column: str) -> bool:
    measured = ("operations", "macs", "additions", "energy", "seconds", "samples_per_second")
    return column in measured or column.startswith("accuracy")


def _scaled(part: pandas.DataFrame, value: str) -> tuple[Any, Any]:
    factor = 100 if value.startswith("accuracy") else 1
    return factor * part[(value, "mean")], factor * part[(value, "std")].fillna(0)


def _lines(
    axis: Axes, part: pandas.DataFrame, x: str, y: str, series: str | None, names: Sequence[Any], measured: bool
) -> None:
    for i, name in enumerate(names):
        own = part if name is None else part[part[series] == name]
        if own.empty:
            continue
        across = own[(x, "mean")] if measured else pandas.to_numeric(own[x], errors="coerce")
        own = own.assign(**{"_x": across}).sort_values(by="_x", kind="stable")
        mean, spread = _scaled(own, y)
        label = None if name is None else label_of(series or "", name)
        if own["_x"].isna().all():  # a real-valued network has no M: a line across
            axis.axhline(float(mean.iloc[0]), linestyle="--", color=COLOURS[i % len(COLOURS)], label=label)
            continue
        axis.errorbar(own["_x"], mean, yerr=spread, marker="o", capsize=3, color=COLOURS[i % len(COLOURS)], label=label)


def _dots(
    axis: Axes, part: pandas.DataFrame, x: str, y: str, series: str | None, names: Sequence[Any], measured: bool
) -> None:
    places = {value: i for i, value in enumerate(dict.fromkeys(part[x]))}
    for i, name in enumerate(names):
        own = part if name is None else part[part[series] == name]
        mean, spread = _scaled(own, y)
        at = [places[value] + 0.5 * ((i + 0.5) / len(names) - 0.5) for value in own[x]]
        label = None if name is None else label_of(series or "", name)
        axis.errorbar(mean, at, xerr=spread, fmt="o", capsize=3, color=COLOURS[i % len(COLOURS)], label=label)
        beside = 5 if 2 * i < len(names) else -13  # of two series one is labelled above its points, one below
        for place, value in zip(at, mean, strict=True):
            axis.annotate(
                f"{value:.1f}", (value, place), (0, beside), textcoords="offset points", ha="center", fontsize=8
            )
    axis.set_yticks(range(len(places)), [label_of(x, value) for value in places])
    axis.set_ylim(len(places) - 0.4, -0.6)
    axis.grid(axis="y", alpha=0.3)
