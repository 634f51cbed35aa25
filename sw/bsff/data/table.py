"""Features from a text file with one sample a line: comma, semicolon or tab."""

import csv
import io
import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from bsff.errors import DataError

from .arrays import Shape, from_arrays
from .dataset import Dataset
from .labels import plain

LABELS = ("label", "class", "target", "y")
"""Names of the label column; without one of them it is the last. Capitals do not matter."""
DELIMITERS = "\t;,"
MISSING = ("", "na", "n/a", "nan", "null", "none", "?")
"""What stands for a value that is not there, in small letters."""
Row = tuple[int, list[str]]
"""Line of the file, from 1, and its cells."""


def load_table(path: Path, shape: Shape | None = None) -> Dataset:
    """Read a table of features.

    Parameters
    ----------
    path : Path
        UTF-8 text, one sample a line. The first line is a header if one of its cells is the name of a label column or
        if a cell before its last is no number. The classes are the distinct labels; a fifth of the samples is for
        testing.
    shape : (height, width, channels), optional
        As for `from_arrays`.

    Raises
    ------
    DataError
        If a value is missing or no number: its row and column are named. And as `from_arrays`.
    """
    rows = _rows(path)
    first = next(rows, None)
    if first is None:
        raise DataError(f"{path}: no line in it; expected one sample a line")
    header, label = _header(path, first[1])
    names = first[1] if header else [str(i + 1) for i in range(len(first[1]))]
    features = [i for i in range(len(names)) if i != label]
    if not features:
        raise DataError(f"{path}: one column in the first line, expected features and a label between commas")
    values, labels = [], []
    for line, cells in rows if header else _again(first, rows):
        if len(cells) != len(names):
            raise DataError(f"{path}: row {line} has {len(cells)} cells, expected {len(names)} as in the first row")
        values.append([_number(path, line, names[i], cells[i]) for i in features])
        if cells[label].lower() in MISSING:
            raise _missing(path, line, names[label], cells[label])
        labels.append(cells[label])
    if not values:
        raise DataError(f"{path}: a header but no sample; expected one sample a line")
    return from_arrays(np.array(values, dtype=np.float64), _numbers(labels, str(path)), shape=shape, label=path.name)


def _again(first: Row, rows: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rows


def _rows(path: Path) -> Iterator[Row]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        start = list(islice((line for line in io.StringIO(text) if line.strip()), 2))
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=_delimiter(start), skipinitialspace=True, strict=True
        )
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: not UTF-8 text ({error.reason} at byte {error.start}); save it as CSV in UTF-8"
        ) from None
    except csv.Error as error:
        raise DataError(f"{path}: not a table ({error}); save it as CSV again") from None


def _delimiter(start: list[str]) -> str:
    """The first of the delimiters that divides the first two lines into equally many cells."""
    for delimiter in DELIMITERS:
        counts = {len(cells) for cells in csv.reader(start, delimiter=delimiter)}
        if len(counts) == 1 and counts != {1}:
            return delimiter
    return next((d for d in DELIMITERS if any(d in line for line in start)), ",")


def _header(path: Path, cells: list[str]) -> tuple[bool, int]:
    """Whether the first row is a header, and the column of the labels."""
    named = [i for i, cell in enumerate(cells) if cell.lower() in LABELS]
    if len(named) > 1:
        both = ", ".join(cells[i] for i in named)
        raise DataError(
            f"{path}: columns {both} could all be the label, expected one; rename the others or leave them out"
        )
    header = bool(named) or any(not _is_number(c) and c.lower() not in MISSING for c in cells[:-1])
    if header and "" in cells:
        raise DataError(
            f"{path}: column {cells.index('') + 1} has no name; an index is no feature, save the table without it "
            "(pandas: index=False)"
        )
    return header, named[0] if named else len(cells) - 1


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(path: Path, line: int, column: str, cell: str) -> float:
    if cell.lower() in MISSING:
        raise _missing(path, line, column, cell)
    if not _is_number(cell):
        hint = (
            "write decimals with a point"
            if _is_number(cell.replace(",", "."))
            else "encode texts as numbers, or call the label column label"
        )
        raise DataError(f'{path}: row {line}, column {column}: "{cell}" is no number; {hint}')
    value = float(cell)
    if not math.isfinite(value):
        raise DataError(f"{path}: row {line}, column {column}: {cell}, expected a finite number")
    return value


def _missing(path: Path, line: int, column: str, cell: str) -> DataError:
    text = f' ("{cell}")' if cell else ""
    return DataError(f"{path}: row {line}, column {column}: missing value{text}; fill it in or leave the row out")


def _numbers(labels: list[str], where: str) -> list[Any]:
    """Numbers where all labels are numbers, so that 10 comes after 9; else the texts."""
    return plain(map(float, labels), where) if all(map(_is_number, labels)) else labels
