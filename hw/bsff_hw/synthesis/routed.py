"""The netlist after place and route, as nextpnr-ecp5 writes it back, as Verilog that a simulator runs.

nextpnr packs, clones and inverts: a constant at a pin becomes a setting of the pin, what is not connected is 1, a register takes
its input by one of two pins. The permutation of a table's inputs by the router is not in it: that is made with the bitstream.
"""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bsff_hw import yosys
from bsff_hw.targets import TARGETS

from .models import models
from .netlist import Netlist, made_once
from .owners import DESIGN
from .place import SECONDS, arguments, version
from .placeable import script
from .tools import SynthesisError, nextpnr_command, run

FAMILY = "ecp5"
MEGAHERTZ = 50.0
"""Any clock does: the netlist is compared bit for bit, not in time."""
_NUMBER = re.compile(r"[01]+")
_CLOCKS = ("CLKA", "CLKB")
"""Pins whose setting a model takes itself."""
_OPEN_IS_0 = {"TRELLIS_FF": ("LSR",)}
"""Pins that are 0 while nothing is connected; every other one is 1."""


def routed(verilog: str, *, target: str = "ecp5-85k", top: str = "bsff", seconds: float = SECONDS) -> Netlist:
    """Synthesise, place and route a design, unless an earlier call did: netlists are kept in the cache folder.

    Parameters
    ----------
    verilog : str
        The whole design.
    target : str
        A device of `bsff_hw.targets.TARGETS` that nextpnr places.
    top : str
        Its top module.
    seconds : float
        Limit of each tool's run.

    Raises
    ------
    SynthesisError
        If a tool fails, or its netlist has what is not known here.
    """
    device, programs = TARGETS[target], (yosys.command(), nextpnr_command())
    if device.place is None:
        raise SynthesisError(f"target {target}: nextpnr does not place it; expected a device of the ECP5 family")
    commands = script(DESIGN, top, "netlist.json")
    place = [*arguments(device.place, MEGAHERTZ), "--json", "netlist.json", "--write", "routed.json"]

    def make(folder: Path) -> str:
        (folder / DESIGN).write_text(verilog, encoding="utf-8")
        (folder / "synth.ys").write_text(commands, encoding="utf-8")
        run("yosys", [*programs[0], "synth.ys"], folder, log=folder / "yosys.log", seconds=seconds)
        run("nextpnr-ecp5", [*programs[1], *place], folder, log=folder / "place.log", seconds=seconds)
        return written(json.loads((folder / "routed.json").read_text())["modules"]["top"], top)

    with tempfile.TemporaryDirectory(prefix="bsff-version-") as name:
        versions = [yosys.version(), version(programs[1], Path(name))]
    own = Path(__file__).read_text(encoding="utf-8")
    return Netlist(made_once("routed", [verilog, commands, *place, *versions, own], make), FAMILY)


def written(module: Mapping[str, Any], top: str) -> str:
    """A module of nextpnr's JSON as Verilog: wires of a bit, and an instance a cell.

    Raises
    ------
    SynthesisError
        If a cell has a pin connected that its model lacks.
    """
    ports = module["ports"]
    lines = [f"module {top}({', '.join(ports)});"]
    for name, port in ports.items():
        lines.append(f"  {port['direction']} [{len(port['bits']) - 1}:0] {name};")
    wires = {bit for cell in module["cells"].values() for bits in cell["connections"].values() for bit in bits}
    lines += [f"  wire {_wire(bit)};" for bit in sorted(wires)]
    for name, port in ports.items():
        for i, bit in enumerate(port["bits"]):
            here, there = f"{name}[{i}]", _wire(bit)
            if bit in wires:
                lines.append(
                    f"  assign {here} = {there};" if port["direction"] == "output" else f"  assign {there} = {here};"
                )
    for number, cell in enumerate(module["cells"].values()):
        lines += _cell(number, cell)
    return "\n".join([*lines, "endmodule"]) + "\n"


def _wire(bit: int) -> str:
    return f"_{bit}_"


def _cell(number: int, cell: Mapping[str, Any]) -> Iterator[str]:
    """The instance of a cell; pads and the clock's buffer are wires."""
    kind, settings = cell["type"], {name: _setting(value) for name, value in cell["parameters"].items()}
    pins = {pin: _wire(bits[0]) for pin, bits in cell["connections"].items() if bits}
    if kind == "TRELLIS_IO":
        near, far = ("O", "B") if settings["DIR"] == "INPUT" else ("B", "I")
        if near in pins and far in pins:
            yield f"  assign {pins[near]} = {pins[far]};"
        return
    if kind == "DCCA":
        yield f"  assign {pins['CLKO']} = {pins['CLKI']};"
        return
    if settings.get("MODE") == "RAMW_BLOCK":  # the place of a `TRELLIS_RAMW`
        return
    inputs = {
        pin: _driven(pin, pins.get(pin), None if kind == "TRELLIS_FF" else settings.get(f"{pin}MUX"), kind)
        for pin, direction in cell["port_directions"].items() if direction == "input"
    }  # fmt: skip
    outputs = {pin: net for pin, net in pins.items() if cell["port_directions"][pin] == "output"}
    if kind == "TRELLIS_FF":
        inputs["DI"] = inputs["DI" if settings.pop("SD") == "1" else "M"]
        inputs["M"] = "1'b0"
    elif kind == "TRELLIS_COMB":
        settings["WIDE"] = "1'b1" if "FXA" in pins else "1'b0"
        if "FCI" not in pins:
            inputs["FCI"] = "1'bx"  # the carry of whoever is placed below
    else:
        settings = {
            name: value
            for name, value in settings.items()
            if not name.endswith("MUX") or name.removesuffix("MUX") in _CLOCKS
        }
    # nextpnr lists the cascades of a block, too, of which the models know nothing
    cascaded = [pin for pin in inputs if pin in pins and pin not in _pins(kind)]
    if cascaded:
        raise SynthesisError(f"the model of {kind} has no pin {cascaded[0]}, which nextpnr connects")
    inputs = {pin: net for pin, net in inputs.items() if pin in _pins(kind)}
    parameters = ", ".join(f".{name}({_literal(value)})" for name, value in settings.items())
    connected = ", ".join(f".{pin}({net})" for pin, net in [*inputs.items(), *outputs.items()])
    yield f"  {kind} #({parameters}) _c{number}_ ({connected});"


@cache
def _pins(kind: str) -> frozenset[str]:
    """Pins of the model of a primitive."""
    text = models([kind], FAMILY)
    header = re.search(rf"^module {kind}\s*\((.*?)\);", text, re.MULTILINE | re.DOTALL)
    return frozenset(re.findall(r"\b[A-Z]+\d*\b", header[1]) if header else ())


def _driven(pin: str, net: str | None, mux: str | None, kind: str) -> str:
    """What drives a pin: its net, or 1 if it has none, by the multiplexer before it."""
    if mux in ("0", "1"):
        return f"1'b{mux}"
    value = net or ("1'b0" if pin in _OPEN_IS_0.get(kind, ()) else "1'b1")
    return f"~{value}" if mux == "INV" and pin not in _CLOCKS else value


def _setting(value: str) -> str:
    """A parameter: digits are a number, and what ends in a space is a text of digits."""
    return f"{len(value)}'b{value}" if _NUMBER.fullmatch(value) else value.rstrip(" ")


def _literal(value: str) -> str:
    return value if re.fullmatch(r"\d+'b[01]+", value) else f'"{value}"'
