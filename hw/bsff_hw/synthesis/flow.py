"""From the text of a design to its report."""

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bsff_hw import yosys
from bsff_hw.targets import TARGETS

from . import place
from .families import FAMILIES, Family
from .owners import DESIGN, MARK_SCRIPT, TOP, Modules, owners
from .report import Report
from .tools import SynthesisError, run

SECONDS = 7200.0
"""Longest run of yosys."""
CHECKED = ("check -noinit -assert",)
"""Commands of yosys that refuse a netlist with a fault, such as a net with two drivers."""


def synthesise(
    verilog: str, *, top: str, target: str, route: bool = True, frequency: float = 100.0, seconds: float = SECONDS
) -> Report:
    """Synthesise a design, count what it takes, and place it where a tool for the device exists.

    Parameters
    ----------
    verilog : str
        The whole design, as Amaranth writes it.
    top : str
        Its top module.
    target : str
        A name of `TARGETS`.
    route : bool
        Place and route, if an open tool can for this device.
    frequency : float
        Target in MHz.
    seconds : float
        Limit of each tool's run.

    Raises
    ------
    SynthesisError
        If the target is unknown, a tool fails, or the netlist has a primitive that is not in its family's table.
    """
    if target not in TARGETS:
        raise SynthesisError(f"target {target!r}: expected one of {', '.join(TARGETS)}")
    device = TARGETS[target]
    family = FAMILIES[device.family]
    with tempfile.TemporaryDirectory(prefix="bsff-synth-") as name:
        folder = Path(name)
        command = family.synthesis.format(top=top)
        netlist = _netlist(verilog, [*family.prepare, command], top, folder, seconds)
        module = netlist["modules"][top]
        modules = Modules(verilog, top)
        owner = owners(module, modules)
        totals, components, cells = count(module, owner, family)
        tools, commands = [_version(netlist)], ["; ".join([*family.prepare, command])]
        timing, routed = None, {}
        if route and device.place is not None:
            version, answer = place.place(folder, device.place, frequency, seconds=seconds)
            tools.append(version)
            commands.append(" ".join(place.arguments(device.place, frequency)))
            timing = place.timing(answer, frequency, lambda cell: owner.get(cell) or modules.of_name(cell) or TOP)
            routed = place.utilisation(answer)
    return Report(
        target=device.name,
        part=device.part,
        tools=tuple(tools),
        commands=tuple(commands),
        totals=totals,
        available=dict(device.available),
        components=components,
        cells=cells,
        timing=timing,
        routed=routed,
    )


def count(
    module: Mapping[str, Any], owner: Mapping[str, str], family: Family
) -> tuple[dict[str, float], dict[str, dict[str, float]], dict[str, int]]:
    """Totals, the same by component, and the number of each primitive.

    Raises
    ------
    SynthesisError
        If a primitive is not in the family's table.
    """
    totals: dict[str, float] = {column: 0 for column in family.columns}
    components: dict[str, dict[str, float]] = {}
    cells: Counter[str] = Counter()
    for name, cell in module["cells"].items():
        kind = cell["type"]
        if kind == "$scopeinfo":  # a note of the flattened hierarchy, not hardware
            continue
        if kind not in family.cells:
            raise SynthesisError(
                f"cell {name} is a {kind}, which the table of its family does not know; "
                "add it to bsff_hw/synthesis/families.py with what it takes"
            )
        cells[kind] += 1
        into = components.setdefault(owner[name], {})
        for resource, amount in family.cells[kind].items():
            totals[resource] = totals.get(resource, 0) + amount
            into[resource] = into.get(resource, 0) + amount
    return totals, components, dict(sorted(cells.items()))


def _netlist(verilog: str, commands: list[str], top: str, folder: Path, seconds: float) -> dict[str, Any]:
    (folder / DESIGN).write_text(verilog)
    for marks in ([MARK_SCRIPT], []):
        # proc makes registers of always blocks, and is where the synthesis command would begin too
        # that command also checks that every module is there, once it has read the primitives of the family
        script = [f"read_verilog {DESIGN}", f"hierarchy -top {top}", "proc", *marks, *commands]
        (folder / "synth.ys").write_text("\n".join([*script, *CHECKED, "write_json netlist.json"]) + "\n")
        try:
            run("yosys", [*yosys.command(), "synth.ys"], folder, log=folder / "yosys.log", seconds=seconds)
            break
        except SynthesisError as error:
            # with marks, yosys 0.70 fails an assertion of its own on some netlists, and on others drives a net twice;
            # without them the totals are the same, and a few registers may be counted in the component that reads them
            if not marks or not any(sign in str(error) for sign in ("Assert", "check -assert")):
                raise
    netlist: dict[str, Any] = json.loads((folder / "netlist.json").read_text())
    return netlist


def _version(netlist: Mapping[str, Any]) -> str:
    return str(netlist["creator"]).partition(" (")[0]
