"""Raw readings in CSV, windows beside them, and a meter's own file."""

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bsff.errors import PowerError
from bsff.tools.files import write_text

from .protocol import Record, Window

READINGS = "power.csv"
WINDOWS = "power-windows.json"


def save(folder: Path, record: Record) -> None:
    """Write every reading with the state in which it was taken, and the windows."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["seconds", "watts", "state", "repeat"])
    for time, watts in zip(record.times.tolist(), record.watts.tolist(), strict=True):
        inside = [w for w in record.windows if w.start <= time < w.end]
        writer.writerow([repr(time), f"{watts:.6g}", *([inside[0].state, inside[0].repeat] if inside else ["", ""])])
    write_text(folder / READINGS, text.getvalue())
    write_text(folder / WINDOWS, json.dumps([asdict(window) for window in record.windows], indent=1) + "\n")


def load(folder: Path) -> Record:
    """Read what `save` wrote.

    Raises
    ------
    PowerError
        If a file is missing or damaged.
    """
    times, watts, _ = _table(folder / READINGS)
    return Record(times, watts, load_windows(folder))


def load_windows(folder: Path) -> list[Window]:
    """Read the windows of a recording.

    Raises
    ------
    PowerError
        If the file is missing or damaged.
    """
    path = folder / WINDOWS
    try:
        return [Window(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise PowerError(f"{path}: no windows of a recording ({error}); record with `bsff power` first") from error


def load_meter(path: Path, windows: list[Window]) -> Record:
    """Readings of a meter with a clock of its own, brought onto ours by two markers.

    The file has a header with the columns ``seconds``, ``watts`` and ``marker``. The first row with a marker was written
    when the recording's first window began, the last one when its last window ended; between them both clocks are taken to
    run evenly.

    Raises
    ------
    PowerError
        If the file is not such a one, or its clock is off by more than 1 %.
    """
    times, watts, markers = _table(path)
    marked = np.flatnonzero(markers)
    if len(marked) < 2:
        raise PowerError(
            f"{path}: {len(marked)} rows have something in the column marker, expected two: one when the first window began, "
            "one when the last ended"
        )
    first, last = times[marked[0]], times[marked[-1]]
    start, end = min(w.start for w in windows), max(w.end for w in windows)
    scale = (end - start) / (last - first) if last > first else 0.0
    if not 0.99 < scale < 1.01:
        raise PowerError(
            f"{path}: {last - first:.3f} s lie between the markers, the recording took {end - start:.3f} s; check the "
            "markers, and that the column seconds is in seconds"
        )
    return Record(start + (times - first) * scale, watts, windows)


def _table(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Columns seconds, watts, and whether marker is filled; a `PowerError` where the file has none."""
    rows = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                try:
                    rows.append((float(row["seconds"]), float(row["watts"]), bool((row.get("marker") or "").strip())))
                except (KeyError, TypeError, ValueError) as error:
                    raise PowerError(
                        f"{path}, line {number}: {error!r}; expected a header with seconds and watts, and numbers below"
                    ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise PowerError(f"{path}: cannot be read ({error}); name the meter's CSV file") from error
    table = np.array(rows, np.float64).reshape(-1, 3)
    if len(table) < 2 or not (np.diff(table[:, 0]) > 0).all() or not np.isfinite(table).all():
        raise PowerError(f"{path}: {len(table)} readings, expected two or more with rising times and finite watts")
    return table[:, 0], table[:, 1], table[:, 2].astype(bool)
