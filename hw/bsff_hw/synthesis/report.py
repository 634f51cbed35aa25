"""What synthesis found, as data and as a table."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bsff_hw.targets import TARGETS

from .families import FAMILIES

_DEPTH = 2
"""Levels of components that are shown; what is deeper counts for the level above."""


@dataclass(frozen=True)
class Timing:
    """Speed after place and route."""

    fmax_mhz: float
    target_mhz: float
    path: tuple[str, ...]
    """Cells of the slowest path from register to register, in order."""
    first: str
    last: str
    """Components at its ends."""
    logic_ns: float
    routing_ns: float
    slowest: tuple[tuple[str, float], ...] = ()
    """Registers that the clock waits for longest, one a component, with the nanoseconds of the way to each."""

    @property
    def slack_ns(self) -> float:
        """Against the target; negative where it is missed."""
        return 1000 / self.target_mhz - 1000 / self.fmax_mhz


@dataclass(frozen=True)
class Report:
    """The counts of one design for one device."""

    target: str
    part: str
    tools: tuple[str, ...]
    commands: tuple[str, ...]
    """Names with versions, and what they were told."""
    totals: dict[str, float]
    """Of the flattened design, by resource."""
    available: dict[str, float]
    """What the device has."""
    components: dict[str, dict[str, float]]
    """The same by component, each without what is below it; ``""`` is the top."""
    cells: dict[str, int]
    """Primitives by type."""
    timing: Timing | None = None
    routed: dict[str, int] = field(default_factory=dict)
    """What was placed, by kind."""

    @property
    def fits(self) -> bool:
        """Whether no resource is short."""
        return all(self.totals.get(name, 0) <= limit for name, limit in self.available.items())

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self) | {"fits": self.fits}


def grouped(components: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Components down to the second level of the design, each including what is below it.

    Where the top has one component, it is the shell of `bsff_hw.machine.flat`, and the design is in its core.
    """
    paths = {path: path.split(".") for path in components if path}
    shell = 1 if len({parts[0] for parts in paths.values()}) == 1 else 0
    sums: dict[str, dict[str, float]] = {}
    for path, counts in components.items():
        parts = paths.get(path, [])[shell : shell + _DEPTH]
        names = [".".join(parts[: i + 1]) for i in range(len(parts))] or [""]
        for name in names:
            into = sums.setdefault(name, {})
            for resource, count in counts.items():
                into[resource] = into.get(resource, 0) + count
    return dict(sorted(sums.items()))


def pbit_luts(components: Mapping[str, Mapping[str, float]], pbits: Mapping[str, int]) -> dict[str, float]:
    """LUTs that a p-bit takes, with its share of the generator and the noise's table, by layer.

    The sums that wait to be fired, from which those of a beat are chosen, do not belong to it.

    Parameters
    ----------
    components : mapping
        As `Report.components`.
    pbits : mapping of str to int
        P-bits that fire in a cycle, of each layer. Of a layer that was synthesised alone the paths do not have the name.
    """
    sums: dict[str, float] = {}
    for path, counts in components.items():
        parts = path.split(".")
        layer = next((part for part in parts if part in pbits), next(iter(pbits)) if len(pbits) == 1 else None)
        if layer is not None and "fire" in parts and {"tiles", "draws"} & set(parts):
            sums[layer] = sums.get(layer, 0) + counts.get("LUT", 0)
    return {layer: sums[layer] / count for layer, count in pbits.items() if layer in sums}


def pbit_line(components: Mapping[str, Mapping[str, float]], pbits: Mapping[str, int]) -> str:
    """Those in a line of text; empty where there are none."""
    found = [f"{layer} {luts:.0f} ({pbits[layer]} a cycle)" for layer, luts in pbit_luts(components, pbits).items()]
    return f"LUT a p-bit, generator and noise included: {', '.join(found)}." if found else ""


def table(report: Report) -> str:
    """The report as aligned text."""
    columns = FAMILIES[TARGETS[report.target].family].columns
    rows = [["", *columns]]
    for name, counts in grouped(report.components).items():
        label = f"  .{name.partition('.')[2]}" if "." in name else name or "(top)"
        rows.append([label, *(_count(counts.get(column, 0)) for column in columns)])
    rows.append(["total", *(_count(report.totals.get(column, 0)) for column in columns)])
    rows.append(["device", *(_count(report.available[c]) if c in report.available else "" for c in columns)])
    rows.append(["used", *(_share(report.totals.get(c, 0), report.available.get(c)) for c in columns)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [f"{report.target}: {report.part}"]
    lines += [f"{tool}: {command}" for tool, command in zip(report.tools, report.commands, strict=True)]
    lines.append("")
    for row in rows:
        if row[0] == "total":
            lines.append("-" * (sum(widths) + 2 * len(columns)))
        lines.append(
            "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        )
    lines += [
        "",
        "A row with others below it includes them. LUTs between components are counted at the reader; LUTs may share a site.",
    ]
    if not report.fits:
        short = [n for n, limit in report.available.items() if report.totals.get(n, 0) > limit]
        lines.append(f"does not fit: too many {', '.join(short)}")
    if report.timing is not None:
        lines += _timing(report.timing, report.routed)
    return "\n".join(line.rstrip() for line in lines)


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _share(value: float, limit: float | None) -> str:
    return f"{100 * value / limit:.1f} %" if limit else ""


def _timing(timing: Timing, routed: Mapping[str, int]) -> list[str]:
    verdict = "meets" if timing.slack_ns >= 0 else "misses"
    lines = [
        "",
        f"Fmax {timing.fmax_mhz:.1f} MHz; {verdict} {timing.target_mhz:g} MHz, slack {timing.slack_ns:+.2f} ns",
        f"critical path: {timing.first or '(top)'} to {timing.last or '(top)'}, {timing.logic_ns:.2f} ns logic, "
        f"{timing.routing_ns:.2f} ns routing, {len(timing.path)} cells",
    ]
    if timing.path:
        lines += [f"  from {timing.path[0]}", f"  to   {timing.path[-1]}"]
    lines += ["slowest of each component:"] if timing.slowest else []
    lines += [f"  {delay:5.2f} ns to {register}" for register, delay in timing.slowest]
    lines.append("placed: " + ", ".join(f"{count:,} {name}" for name, count in sorted(routed.items()) if count))
    return lines
