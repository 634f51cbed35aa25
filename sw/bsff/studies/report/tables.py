"""Tables of Markdown."""

import re
from collections.abc import Sequence
from typing import Any

import pandas

from bsff.config import DATASETS
from bsff.errors import ConfigError

from .groups import check_keys, group, select

KEYS = ("title", "text", "rows", "columns", "values", "where", "best", "free")
NAMES = {
    "accuracy": "accuracy, %",
    "accuracy_one_draw": "one draw, %",
    "accuracy_head": "head, %",
    "accuracy_goodness": "goodness of the last layer, %",
    "accuracy_sum": "last layer and head summed, %",
    "additions": "additions a sample",
    "energy": "energy of a training sample by counted operations, nJ (an estimate)",
    "macs": "multiply-adds a sample",
    "operations": "operations a sample",
    "samples_per_second": "training samples/s",
    "training.epochs": "epochs",
    "data.dataset": "data set",
    "data.train_samples": "training samples",
    "learning_rate": "learning rate",
    "head.step": "head's step",
    "layer1.tile": "M",
    "layer1.normalisation": "normalisation",
    "layer1.temperature": "temperature",
    "label": "setting",
    "loss": "goodness taken",
    "updated_head": "head learns from, share",
}
"""What people read instead of a column's name."""
LABELS = {"real": "real-valued", "bsff": "BSFF", "bgbsff": "BGBSFF", "boxcar": "boxcar", "golden": "golden model"}
"""What people read instead of a variant's name."""
LABELLED = ("variant", "data.dataset")
"""Columns whose values are labelled so, and need no name beside them."""


def name_of(column: str) -> str:
    """A column's name for people."""
    if layer := re.fullmatch(r"(accuracy|updated|taps)_layer(\d+)", column):
        return {
            "accuracy": f"layer {layer[2]}, %",
            "updated": f"layer {layer[2]} learns from, share",
            "taps": f"rows that layer {layer[2]} reads",
        }[layer[1]]
    return NAMES.get(column, column)


def label_of(column: str, value: object) -> str:
    """A value for people; the M of a real-valued network is a dash."""
    text = str(value)
    if column == "data.dataset" and text in DATASETS:
        return DATASETS[text].table_title or DATASETS[text].title
    return LABELS.get(text, text) if column == "variant" else text


def number(value: str, mean: float, spread: float, count: int) -> str:
    """Mean and standard deviation, with the number of seeds in brackets; accuracies in per cent."""
    if count == 0:
        return ""
    if value.startswith("accuracy"):
        mean, spread, form = 100 * mean, 100 * spread, "{:.2f}"
    else:
        form = "{:,.0f}" if abs(mean) >= 100 else "{:.3g}"
    spread_text = f" ± {form.format(spread)}" if count > 1 else ""
    return f"{form.format(mean)}{spread_text} ({count})"


def table(frame: pandas.DataFrame, wanted: dict[str, Any], *, where: str) -> list[str]:
    """Lines of Markdown of one ``[[table]]``.

    Parameters
    ----------
    frame : DataFrame
        From `groups.prepare`.
    wanted : dict
        ``rows``: columns that tell the rows apart; ``values``: measured columns; ``columns``: a column whose values
        stand side by side (then one value only); ``where``: only rows with these values; ``best``: of the groups
        that agree in these columns show only that with the highest mean accuracy; ``free``: columns that may
        differ within a cell; ``title``, ``text``.

    Raises
    ------
    ConfigError
        If a key is unknown or does not fit the results.
    """
    check_keys(wanted, KEYS, where=where)
    rows, values = list(wanted.get("rows", ["variant"])), list(wanted.get("values", ["accuracy"]))
    side = wanted.get("columns")
    if side and len(values) != 1:
        raise ConfigError(f"{where}: values = {values}: expected one value where `columns` is given")
    chosen = select(frame, wanted.get("where", {}), where=where)
    if chosen.empty:
        return ["(no cell of this table is done yet)"]
    by = rows + ([side] if side else [])
    found = group(chosen, by, values, where=where, free=wanted.get("free", ()))
    if "best" in wanted:
        value = values[0]
        order = found.sort_values(by=[(value, "mean")], ascending=False, kind="stable")
        found = order.groupby(list(wanted["best"]), sort=False).head(1).sort_index()
    if side:
        return _pivoted(found, rows, side, values[0])
    lines = _head([name_of(c) for c in rows + values])
    for _, row in found.iterrows():
        cells = [label_of(c, row[c]) for c in rows]
        lines.append(_line(cells + [_number(v, row) for v in values]))
    return lines


def _pivoted(found: pandas.DataFrame, rows: list[str], side: str, value: str) -> list[str]:
    across = list(dict.fromkeys(found[side]))
    prefix = "" if side in LABELLED else f"{name_of(side)} = "
    lines = _head([name_of(c) for c in rows] + [prefix + label_of(side, v) for v in across])
    for key, part in found.groupby(rows, sort=False):
        cells = [label_of(c, v) for c, v in zip(rows, key, strict=True)]
        for v in across:
            match = part[part[side] == v]
            cells.append("" if match.empty else _number(value, match.iloc[0]))
        lines.append(_line(cells))
    return lines


def _number(value: str, row: Any) -> str:
    return number(value, row[value, "mean"], row[value, "std"], int(row[value, "count"]))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _head(names: Sequence[str]) -> list[str]:
    return [_line(names), "|" + "---|" * len(names)]
