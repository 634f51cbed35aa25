"""A specification: which cells a sweep has, and how `bsff report` shows them."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bsff.config.files import read_table
from bsff.errors import ConfigError

from .cell import Cell, make_cell

SECTIONS = ("title", "text", "base", "grid", "case", "table", "plot")


@dataclass(frozen=True)
class Spec:
    """A sweep."""

    path: Path
    """The file of the sweep; results and pages lie beside it."""
    title: str
    text: str
    """`title` and `text`: heading and introduction of the page."""
    cells: tuple[Cell, ...]
    """In the order of the file: cases, and within a case the grid with its last key running fastest."""
    tables: tuple[dict[str, Any], ...]
    plots: tuple[dict[str, Any], ...]
    """`tables` and `plots`: what the page shows, see `bsff.studies.report`."""

    @property
    def results(self) -> Path:
        """Where the results go by default: the same name, ending in ``.csv``."""
        return self.path.with_suffix(".csv")


def load_spec(path: Path) -> Spec:
    """Read a specification.

    ``[base]`` holds keys of every cell, ``[grid]`` lists of values of which every combination is taken, ``[[case]]``
    keys that differ together. A case may have a ``grid`` of its own, which is added to the common one and replaces
    keys of the same name.

    Parameters
    ----------
    path : Path
        A TOML file.

    Raises
    ------
    ConfigError
        If the file cannot be read, a key is unknown, a value is not allowed, or two cells are the same.
    """
    table = read_table(path)
    for key in table:
        if key not in SECTIONS:
            raise ConfigError(f"{path}: {key}: unknown key; allowed are {', '.join(SECTIONS)}")
    base, grid = _table(path, table, "base"), _table(path, table, "grid")
    cells: list[Cell] = []
    for number, case in enumerate(table.get("case", [{}]), 1):
        where = f"{path}, case {number}" if "case" in table else str(path)
        own = {key: value for key, value in case.items() if key != "grid"}
        axes = _axes(where, grid | case.get("grid", {}))
        for point in itertools.product(*axes.values()):
            keys = base | dict(zip(axes, point, strict=True)) | own
            cells.append(make_cell(keys, where=where, folder=path.parent))
    seen: dict[str, int] = {}
    for number, cell in enumerate(cells, 1):
        first = seen.setdefault(repr(sorted(cell.describe().items())), number)
        if first != number:
            raise ConfigError(
                f"{path}: cells {first} and {number} are the same; let them differ in a key, such as label or seed"
            )
    return Spec(
        path,
        str(table.get("title", path.stem)),
        str(table.get("text", "")).strip(),
        tuple(cells),
        tuple(table.get("table", [])),
        tuple(table.get("plot", [])),
    )


def _table(path: Path, table: dict[str, Any], name: str) -> dict[str, Any]:
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: {name}: expected a table [{name}]")
    return found


def _axes(where: str, grid: dict[str, Any]) -> dict[str, list[Any]]:
    for key, values in grid.items():
        if not isinstance(values, list) or not values:
            raise ConfigError(f"{where}: grid.{key} = {values!r}: expected a list of values")
    return grid
