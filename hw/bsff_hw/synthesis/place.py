"""Place and route with nextpnr, and what its report says of time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .report import Timing
from .tools import SynthesisError, nextpnr_command, run

SEED = 1
ROUTER = "router2"
"""It negotiates for wires that several nets want; the default router rips up the last arcs of a full device without end."""
TOLERANT = ("--lpf-allow-unconstrained", "--timing-allow-fail")
"""Pins may lie anywhere, and a clock that is missed is reported, not an error."""
PLACERS = {"heap": ("--placer-heap-timingweight", "30"), "static": ("--placer", "static")}
"""Ways to place. `heap` heeds time three times as much as nextpnr's default, with which digits-small is placed a tenth slower; `static` makes
the wires of a machine that crowds the chip a third shorter, so that they can be routed, and a clock that is a little slower (decision 059)."""
PLACER = "heap"
DETAILED = "--detailed-timing-report"
"""The report then says of every register how long the slowest way to it is."""
SECONDS = 3600.0


def arguments(part: tuple[str, ...], frequency: float) -> list[str]:
    """What nextpnr is told, but for the names of files."""
    return [*part, *PLACERS[PLACER], "--router", ROUTER, "--freq", f"{frequency:g}", "--seed", str(SEED), *TOLERANT]


def place(
    folder: Path, part: tuple[str, ...], frequency: float, *, seconds: float = SECONDS
) -> tuple[str, dict[str, Any]]:
    """Place and route ``netlist.json`` of a folder.

    Returns
    -------
    version : str
    report : dict
        As nextpnr writes it.
    """
    command = nextpnr_command()
    found = version(command, folder)
    files = ["--json", "netlist.json", "--report", "report.json", DETAILED]
    words = [*command, *arguments(part, frequency), *files]
    run("nextpnr-ecp5", words, folder, log=folder / "place.log", seconds=seconds)
    return found, json.loads((folder / "report.json").read_text())


def version(command: list[str], folder: Path) -> str:
    """What nextpnr calls its version; its words stay in ``version.log`` of the folder."""
    log = folder / "version.log"
    # WebAssembly compiles itself when it first runs
    run("nextpnr-ecp5", [*command, "--version"], folder, log=log, seconds=600)
    return log.read_text().rpartition("Version ")[2].strip().rstrip(")") or "nextpnr"


def utilisation(report: dict[str, Any]) -> dict[str, int]:
    """What was placed, by kind."""
    return {kind: int(entry["used"]) for kind, entry in report.get("utilization", {}).items()}


def timing(report: dict[str, Any], frequency: float, owner: Callable[[str], str]) -> Timing:
    """The clock's highest frequency, and the path that limits it.

    Parameters
    ----------
    report : dict
    frequency : float
        The target, in MHz.
    owner : callable
        The component of a cell's name.

    Raises
    ------
    SynthesisError
        If the report names no clock.
    """
    clocks = report.get("fmax", {})
    if not clocks:
        raise SynthesisError("nextpnr found no path from register to register, so no frequency: is there a clock?")
    clock = min(clocks, key=lambda name: clocks[name]["achieved"])
    within = [
        path for path in report.get("critical_paths", ())
        if path["from"].endswith(clock) and path["to"].endswith(clock)
    ]  # fmt: skip
    steps = within[0]["path"] if within else []
    cells: list[str] = []
    for step in steps:
        for end in ("from", "to"):
            name = step.get(end, {}).get("cell")
            if name is not None and (not cells or cells[-1] != name):
                cells.append(name)
    spent = {"logic": 0.0, "routing": 0.0}
    for step in steps:
        spent["routing" if step["type"] == "routing" else "logic"] += step["delay"]
    return Timing(
        fmax_mhz=clocks[clock]["achieved"],
        target_mhz=frequency,
        path=tuple(cells),
        first=owner(cells[0]) if cells else "",
        last=owner(cells[-1]) if cells else "",
        logic_ns=spent["logic"],
        routing_ns=spent["routing"],
        slowest=slowest(report),
    )


def slowest(report: dict[str, Any], count: int = 5) -> tuple[tuple[str, float], ...]:
    """The registers and memories that the clock waits for longest, each with the nanoseconds of the slowest way to it.

    Parameters
    ----------
    report : dict
        Made with `DETAILED`; without it nothing is found.
    count : int
        The slowest of so many components; of several registers of one, the slowest stands for all.
    """
    ends = sorted(
        (
            (end["delay"][1], end["cell"])
            for net in report.get("detailed_net_timings", ())
            for end in net["endpoints"]
            if end["event"].startswith("posedge") and net["event"].startswith("posedge")
        ),
        reverse=True,
    )
    found: dict[str, tuple[str, float]] = {}
    for delay, cell in ends:
        register = cell.partition("_TRELLIS_FF")[0]
        found.setdefault(register.rpartition(".")[0] or register, (register, round(delay, 2)))
        if len(found) == count:
            break
    return tuple(found.values())
