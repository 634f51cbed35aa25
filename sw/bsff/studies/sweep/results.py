"""The results file: one row a finished cell, rewritten whole after each, so that nothing finished is ever lost."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas

from bsff.errors import ConfigError
from bsff.tools.files import write_text
from bsff.tools.lock import locked

from .cell import Cell
from .spec import Spec

Row = dict[str, str]
_CONFIGURED = re.compile(r"(data|layer\d+|head|training)\.")
"""Columns of the configuration; those of layers that a network has not are empty."""


def _same(written: str, wanted: str) -> bool:
    return wanted in (written, f"[{written}]")


class Results:
    """Rows of a results file (CSV, every value as text).

    Parameters
    ----------
    path : Path
        Read if it exists; its folder is made when the first row is added.

    Raises
    ------
    ConfigError
        If the file is no results file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[Row] = []
        if path.exists():
            try:
                frame = pandas.read_csv(path, dtype=str, keep_default_na=False)
            except (OSError, ValueError) as error:
                raise ConfigError(
                    f"{path}: not a results file ({error}); move it away, or give another --results"
                ) from None
            if "variant" not in frame.columns or "commit" not in frame.columns:
                raise ConfigError(f"{path}: not a results file (no columns variant and commit); give another --results")
            self.rows = frame.to_dict("records")

    def find(self, cell: Cell) -> Row | None:
        """The row of a cell: one that agrees with it in every option and key.

        A key that a row does not have counts as having its default, so rows stay good when the configuration gets a new
        key; once newer rows have it, it is an empty field in the older ones. A number stands for a list of it, as in a
        configuration: a key that became a list reads the older rows.
        """
        wanted = cell.describe()
        defaults = cell.defaults()
        for row in self.rows:
            agrees = all(_same(row.get(key) or defaults[key], value) for key, value in wanted.items())
            if agrees and not any(row[key] for key in row if _CONFIGURED.match(key) and key not in wanted):
                return row
        return None

    def add(self, row: Row) -> None:
        """Add a row and write the file."""
        self.rows.append(row)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._write()

    def sort(self, spec: Spec) -> None:
        """Put the rows into the order of the specification, those that it no longer has last, and write the file."""
        known = [row for cell in spec.cells if (row := self.find(cell)) is not None]
        rest = [row for row in self.rows if not any(row is other for other in known)]
        if [id(row) for row in known + rest] != [id(row) for row in self.rows]:
            self.rows = known + rest
            self._write()

    def frame(self, spec: Spec) -> pandas.DataFrame:
        """The finished rows of a specification, in its order, as text; keys that a row lacks have their defaults."""
        return pandas.DataFrame([row | cell.describe() for cell in spec.cells if (row := self.find(cell)) is not None])

    def _write(self) -> None:
        # columns that only some networks have (layer4.*) stand behind those of the first row
        write_text(self.path, pandas.DataFrame(self.rows).fillna("").to_csv(index=False, lineterminator="\n"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second sweep from writing the same file.

        Raises
        ------
        ConfigError
            If another process holds it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = self.path.with_name(f".{self.path.name}.lock")
        refusal = ConfigError(
            f"{self.path}: another sweep is writing it; wait for it or end it, or give another --results"
        )
        with locked(lock, timeout=0, refusal=refusal):
            yield
