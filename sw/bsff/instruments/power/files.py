"""Raw readings in CSV, windows beside them, and a meter's own file."""

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.errors import PowerError
from bsff.tools.files import write_text

from .protocol import Record, Window

READINGS = "power.csv"
WINDOWS = "power-windows.json"
SUBJECT = "power-subject.json"


def save(folder: Path, record: Record, subject: dict[str, Any] | None = None) -> None:
    """Write every reading with the state in which it was taken, and the windows.

    Parameters
    ----------
    subject : dict, optional
        What was measured, for JSON; `load_subject` gives it back.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    counted = record.joules is not None
    writer.writerow(["seconds", "watts", "state", "repeat", *(["joules"] if counted else [])])
    joules = record.watts if record.joules is None else record.joules
    for time, watts, energy in zip(record.times.tolist(), record.watts.tolist(), joules.tolist(), strict=True):
        inside = [w for w in record.windows if w.start <= time < w.end]
        place = [inside[0].state, inside[0].repeat] if inside else ["", ""]
        writer.writerow([repr(time), f"{watts:.6g}", *place, *([repr(energy)] if counted else [])])
    write_text(folder / READINGS, text.getvalue())
    write_text(folder / WINDOWS, json.dumps([asdict(window) for window in record.windows], indent=1) + "\n")
    if subject is not None:
        write_text(folder / SUBJECT, json.dumps(subject, indent=1) + "\n")


def load_subject(folder: Path) -> dict[str, Any] | None:
    """What was measured, None where a recording does not say."""
    try:
        return dict(json.loads((folder / SUBJECT).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def load(folder: Path) -> Record:
    """Read what `save` wrote.

    Raises
    ------
    PowerError
        If a file is missing or damaged.
    """
    times, watts, _, joules = _table(folder / READINGS)
    return Record(times, watts, load_windows(folder), joules)


def load_windows(folder: Path) -> list[Window]:
    """Read the windows of a recording.

    Raises
    ------
    PowerError
        If the file is missing or damaged.
    """
    path = folder / WINDOWS
    try:
        windows = [Window(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
        if not windows:
            raise ValueError("it is empty")
        return windows
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
    times, watts, markers, _ = _table(path)
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


def _table(
    path: Path,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64] | None]:
    """Columns seconds, watts, whether marker is filled, and joules where there are any; a `PowerError` where the file has none."""
    rows = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                try:
                    marked = bool((row.get("marker") or "").strip())
                    rows.append((float(row["seconds"]), float(row["watts"]), marked, float(row.get("joules") or "nan")))
                except (KeyError, TypeError, ValueError) as error:
                    raise PowerError(
                        f"{path}, line {number}: {error!r}; expected a header with seconds and watts, and numbers below"
                    ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise PowerError(f"{path}: cannot be read ({error}); name the meter's CSV file") from error
    table = np.array(rows, np.float64).reshape(-1, 4)
    if len(table) < 2 or not (np.diff(table[:, 0]) > 0).all() or not np.isfinite(table[:, :3]).all():
        raise PowerError(f"{path}: {len(table)} readings, expected two or more with rising times and finite watts")
    joules = table[:, 3]
    return table[:, 0], table[:, 1], table[:, 2].astype(bool), joules if np.isfinite(joules).all() else None
