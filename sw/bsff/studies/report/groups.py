"""From rows of text to means and spreads over seeds."""

from collections.abc import Mapping, Sequence

import pandas

from bsff.errors import ConfigError
from bsff.studies.sweep.cell import OPTIONS, text

SEED = "training.seed"
CONFIGURED = ("data.", "layer", "head.", "training.")
"""How columns of the configuration begin; options have the names of `OPTIONS`."""
DERIVED = {"operations": ("macs", "additions")}
"""Columns that are sums of others."""


def check_keys(wanted: Mapping[str, object], known: Sequence[str], *, where: str) -> None:
    """Refuse a key of a table or plot that means nothing.

    Raises
    ------
    ConfigError
    """
    for key in wanted:
        if key not in known:
            raise ConfigError(f"{where}: {key}: unknown key; allowed are {', '.join(known)}")


def prepare(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Results with the measured columns as numbers where they are numbers, and with `DERIVED` columns; no M where there are no p-bits."""
    frame = frame.copy()
    for name, parts in DERIVED.items():
        have = [part for part in parts if part in frame]
        frame[name] = sum((pandas.to_numeric(frame[part], errors="coerce").fillna(0) for part in have), start=0.0)
    for column in frame.columns:
        if column.startswith("layer") and column.endswith(".tile"):
            frame.loc[frame["variant"] == "real", column] = "-"
    return frame


def group(
    frame: pandas.DataFrame, by: Sequence[str], values: Sequence[str], *, where: str, free: Sequence[str] = ()
) -> pandas.DataFrame:
    """Mean, standard deviation and count of some columns over the seeds.

    Parameters
    ----------
    frame : DataFrame
        From `prepare`.
    by : sequence of str
        Columns that tell one group from another; groups keep the order of their first rows.
    values : sequence of str
        Measured columns.
    where : str
        For messages.
    free : sequence of str
        Configured columns that may differ within a group beside the seed.

    Returns
    -------
    DataFrame
        Columns `by`, then for each value its ``(value, "mean")``, ``(value, "std")`` (sample standard deviation; not a
        number for one row) and ``(value, "count")``, named as tuples.

    Raises
    ------
    ConfigError
        If a column is missing, or rows of one group differ in more than their seed: their mean would mean nothing.
    """
    for name in (*by, *values, *free):
        if name not in frame.columns:
            raise ConfigError(f"{where}: {name}: no such column in the results; there are {', '.join(frame.columns)}")
    records = []
    for key, part in frame.groupby(list(by), sort=False, dropna=False):
        for column in part.columns:
            configured = column in OPTIONS or column.startswith(CONFIGURED)
            if configured and column not in (*by, *free, SEED) and part[column].nunique() > 1:
                raise ConfigError(
                    f"{where}: the rows with {dict(zip(by, key, strict=True))} differ in {column} too "
                    f"({', '.join(part[column].unique())}); add it to the groups, or leave them out with `where`"
                )
        record: dict[object, object] = dict(zip(by, key, strict=True))
        for value in values:
            numbers = pandas.to_numeric(part[value], errors="coerce").dropna()
            record |= {
                (value, "mean"): numbers.mean(),
                (value, "std"): numbers.std(ddof=1),
                (value, "count"): len(numbers),
            }
        records.append(record)
    return pandas.DataFrame(records)


def select(frame: pandas.DataFrame, chosen: dict[str, object], *, where: str) -> pandas.DataFrame:
    """Rows whose columns have the values given (a list: one of them), as text or as in the specification."""
    for name, value in chosen.items():
        if name not in frame.columns:
            raise ConfigError(f"{where}: where.{name}: no such column in the results")
        allowed = [text(v) for v in (value if isinstance(value, list) else [value])]
        frame = frame[frame[name].isin(allowed)]
    return frame
