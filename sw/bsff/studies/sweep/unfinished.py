"""Checkpoints of cells that are not finished: a long training goes on where it was stopped, on this machine or another."""

import hashlib
import json
from pathlib import Path

from .cell import Cell


def folder_of(results: Path) -> Path:
    """Where checkpoints of a results file lie: beside it, with the ending ``.unfinished``."""
    return results.with_suffix(".unfinished")


def checkpoint_of(folder: Path, cell: Cell) -> Path:
    """The checkpoint of a cell, named by everything that decides its numbers."""
    text = json.dumps(cell.describe(), sort_keys=True)
    ending = "npz" if cell.options.variant == "golden" else "pt"
    return folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.{ending}"


def forget(folder: Path, cell: Cell) -> None:
    """Remove the checkpoint of a cell whose row is written."""
    checkpoint_of(folder, cell).unlink(missing_ok=True)


def tidy(folder: Path) -> None:
    """Remove the folder if nothing is unfinished; only when no worker is left that could write into it."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
