"""Combinational paths of a component, by its netlist."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import Const, Value
from amaranth.lib import wiring

from bsff_hw import yosys

SECONDS = 120
SCRIPT = "read_rtlil top.il; hierarchy -top top; proc; flatten; memory -nomap; opt_clean; write_json top.json"
REGISTERS = ("$dff", "$dffe", "$adff", "$sdff", "$sdffe", "$sdffce", "$mem_v2")


def netlist(component: wiring.Component, folder: Path) -> dict[str, Any]:
    """The flat module, as yosys writes it."""
    values = [Value.cast(value) for _, _, value in component.signature.flatten(component)]
    ports = [value for value in values if not isinstance(value, Const)]
    (folder / "top.il").write_text(rtlil.convert(component, name="top", ports=ports))
    (folder / "script.ys").write_text(SCRIPT.replace("; ", "\n") + "\n")
    subprocess.run([*yosys.command(), "script.ys"], cwd=folder, check=True, capture_output=True, timeout=SECONDS)
    found: dict[str, Any] = json.loads((folder / "top.json").read_text())["modules"]["top"]
    return found


def reached(module: dict[str, Any], start: str) -> set[str]:
    """Output ports that a gate path connects to an input port; memories and registers end a path.

    An asynchronous read of a memory is a path too, but no ready signal is an address.
    """
    leads: dict[int, list[int]] = defaultdict(list)
    for cell in module["cells"].values():
        if cell["type"] in REGISTERS:
            continue
        inputs = [
            bit
            for port, bits in cell["connections"].items()
            if cell["port_directions"][port] == "input"
            for bit in bits
        ]
        outputs = [
            bit
            for port, bits in cell["connections"].items()
            if cell["port_directions"][port] == "output"
            for bit in bits
        ]
        for bit in inputs:
            leads[bit] += outputs
    seen, todo = set(), list(module["ports"][start]["bits"])
    while todo:
        bit = todo.pop()
        if bit not in seen:
            seen.add(bit)
            todo += leads.get(bit, ())
    return {
        name
        for name, port in module["ports"].items()
        if port["direction"] == "output" and seen.intersection(port["bits"])
    }


def ready_paths(component: wiring.Component, folder: Path) -> set[str]:
    """``input -> output`` for every pair of ready signals that a gate path connects."""
    module = netlist(component, folder)
    starts = [name for name, port in module["ports"].items() if name.endswith("ready") and port["direction"] == "input"]
    return {f"{start} -> {end}" for start in starts for end in reached(module, start) if end.endswith("ready")}
