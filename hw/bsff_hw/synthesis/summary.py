"""One page of several reports: what the committed files of `bsff synth --json` say."""

from collections.abc import Mapping, Sequence
from typing import Any

from .report import grouped, pbit_line

HEAD = """# What machines take of a device

Each row is a file beside this page, written by the command below it; `make synthesis` makes them all again, and
`tests/gateware/synthesis/test_results.py` the small ones. LUTs include those that are memory; a block RAM is BRAM36 or DP16KD, a
multiplier DSP48E1 or MULT18X18D. Not placed for the xc7z020: no open tool here does, so no clock is stated for it.
"""
_MEMORY = ("BRAM36", "DP16KD")
_MULTIPLIERS = ("DSP", "MULT18")


def _cell(totals: Mapping[str, float], available: Mapping[str, float], names: Sequence[str]) -> str:
    name = next(n for n in names if n in available)
    used = totals.get(name, 0)
    return f"{used:,g} ({100 * used / available[name]:.0f} %)"


def command(record: Mapping[str, Any]) -> str:
    """The command that wrote a record."""
    words = ["bsff synth", record["config"], "--target", record["target"]]
    for setting in record["settings"]:
        words += ["--set", setting]
    if record["block"]:
        words += ["--block", record["block"]]
    if record.get("serial", False):
        words += ["--serial", "--frequency", f"{record['frequency_mhz']:g}"]
    elif not record.get("reader", True):
        words.append("--no-reader")
    return " ".join(words)


def summary(records: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown of reports by the names of their files.

    Parameters
    ----------
    records : mapping of str to dict
        As ``bsff synth --json`` writes them.
    """
    lines = [HEAD, "| file | target | LUT | FF | block RAM | multipliers | Fmax | critical path |", "|" + "---|" * 8]
    for name, record in records.items():
        totals, available, timing = record["totals"], record["available"], record["timing"]
        clock = f"{timing['fmax_mhz']:.1f} MHz" if timing else "not placed"
        path = f"`{timing['first'] or '(top)'}` to `{timing['last'] or '(top)'}`" if timing else ""
        cells = [_cell(totals, available, names) for names in (("LUT",), ("FF",), _MEMORY, _MULTIPLIERS)]
        lines.append(f"| {name} | {record['target']} | {' | '.join(cells)} | {clock} | {path} |")
    for name, record in records.items():
        columns = [column for column in record["totals"] if column not in ("LUTRAM", "CARRY4", "CCU2C")]
        lines += ["", f"## {name}", "", f"    {command(record)}", "", "; ".join(record["tools"]), ""]
        lines += [f"| component | {' | '.join(columns)} |", "|" + "---|" * (len(columns) + 1)]
        for path, counts in grouped(record["components"]).items():
            if path.count(".") == 0:
                shown = " | ".join(f"{counts.get(column, 0):,g}" for column in columns)
                lines.append(f"| {path or '(top)'} | {shown} |")
        every = " | ".join(f"{record['totals'].get(column, 0):,g}" for column in columns)
        lines.append(f"| in all | {every} |")
        if said := pbit_line(record["components"], record.get("pbits", {})):
            lines += ["", said]
    return "\n".join(lines) + "\n"
