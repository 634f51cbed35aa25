"""What `bsff power` prints: sensors, a result, a table of several results."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bsff.errors import PowerError
from bsff.instruments.power import Interval, Result, Sensor

RESULT = "power.json"


def sensors(found: Sequence[Sensor]) -> str:
    """Sensors, one a line, with a reading of each and how quickly it answers."""
    lines = []
    for sensor in found:
        try:
            reading = f"{sensor.read():.3f} {'W' if sensor.wraps is None else 'J'}"
        except PowerError as error:
            reading = str(error)
        answers = "tried out" if sensor.response is None else f"{sensor.response.period:.3g} s"
        lines.append(f"{sensor.name:<36} {sensor.what:<32} {answers:<10} {reading}")
    return "\n".join(lines)


def result(found: Result) -> str:
    """A result for a terminal."""
    lines = [f"{'':<22}{'value':>12}{'+-':>12}   of it repeats, sensor, lag"]
    rows = [(f"{state}, W", interval, 1.0) for state, interval in found.watts.items()]
    rows += [("total, mJ/sample", found.total, 1e3), ("above idle, mJ/sample", found.dynamic, 1e3)]
    if found.core is not None:
        rows.append(("above traffic, mJ/s.", found.core, 1e3))
    for name, each, unit in rows:
        value, half, spread, share, lag = (
            unit * x for x in (each.value, each.half, each.spread, each.sensor, each.lag)
        )
        lines.append(f"{name:<22}{value:>12.5g}{half:>12.2g}   {spread:.2g}, {share:.2g}, {lag:.2g}")
    lines.append(f"{found.samples_per_second:,.1f} training samples/s")
    return "\n".join(lines)


def comparison(folders: Sequence[Path]) -> str:
    """Measurements beside each other, as a Markdown table; there is no column for anything that was not measured.

    Raises
    ------
    PowerError
        If a folder holds no result.
    """
    head = ("what", "network", "machine", "sensor", "samples/s", "idle, W", "total, mJ/sample", "above idle, mJ/sample")
    rows = [head, ("---",) * len(head), *(_row(folder) for folder in folders)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(folder: Path) -> tuple[str, ...]:
    path = folder / RESULT
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        what = _title(entry)
        place = (str(entry.get("config")), str(entry.get("machine", "not noted")))
        found = entry["measured"]
        if found is None:
            return (what, *place, str(entry.get("why")), *("not measured",) * 4)
        figures = (_figure(found["watts"]["idle"], 1.0), *(_figure(found[name], 1e3) for name in ("total", "dynamic")))
        short = ", short" if entry["short"] else ""
        return (what, *place, entry["sensor"] + short, f"{found['samples_per_second']:,.0f}", *figures)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PowerError(
            f"{path}: holds no result ({type(error).__name__}: {error}); expected what `bsff power` writes: measure again into it"
        ) from None


def _title(entry: dict[str, Any]) -> str:
    if entry.get("workload") == "reference":
        return f"PyTorch, {entry['variant']}, {entry['device']}, batch {entry['batch']}"
    return {"emulated": "golden model, emulated", "rtl": "simulated Verilog"}.get(
        entry["device"], f"machine, {entry['device']}"
    )


def _figure(entry: dict[str, Any], unit: float) -> str:
    interval = Interval(**entry)
    return f"{unit * interval.value:.4g} ± {unit * interval.half:.2g}"
