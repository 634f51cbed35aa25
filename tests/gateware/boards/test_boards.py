"""Boards, scripts and handoff: what a tool would be told is what the tables say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from bsff.cli.main import main
from bsff.config import load
from bsff.contract import registers
from bsff.contract.geometry import geometry
from bsff.errors import ConfigError, DeviceError
from bsff_hw import yosys
from bsff_hw.boards import board, build, hwh, module, names, openxc7, ps7, table, vivado
from bsff_hw.boards.table import Board
from bsff_hw.bus import axi_lite
from bsff_hw.bus import reader as axi_reader

ROOT = Path(__file__).resolve().parents[3]
STUBS = ROOT / "tests" / "support" / "vivado_stubs.tcl"
CONFIG = load("digits-small")
ZYNQ7 = ["pynq-z1", "pynq-z2"]

# ---- the table


def test_boards() -> None:
    assert {"pynq-z1", "pynq-z2", "zcu104", "kv260"} <= set(names())
    for name in names():
        assert board(name).name == name
    assert {board(name).part for name in ZYNQ7} == {"xc7z020clg400-1"}
    assert {board(name).address for name in ZYNQ7} == {0x4000_0000}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"family": "versal"}, "board x: family = 'versal': expected one of zynq7, zynqmp, ecp5"),
        (
            {"address": 0x4000_8000},
            "board x: address = 0x40008000: expected a multiple of 0x10000 from 0x40000000 to 0x7fff0000",
        ),
        ({"address": 0x8000_0000}, "board x: address = 0x80000000"),
        ({"clock_mhz": 0}, "board x: clock_mhz = 0: expected 10 to 500"),
    ],
)
def test_wrong_boards_are_refused(change: dict[str, Any], said: str) -> None:
    good = {**vars(board("pynq-z2")), "name": "x"}
    with pytest.raises(ConfigError, match=re.escape(said)):
        Board(**{**good, **change})


def test_wrong_files_of_boards_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="board 'z3': expected one of ecpix5-85f, kv260, pynq-z1"):
        board("z3")
    monkeypatch.setattr(table, "BOARDS", tmp_path)
    (tmp_path / "a.toml").write_text('title = "A"\ncolour = 1\n')
    with pytest.raises(ConfigError, match=r"a\.toml: keys .*colour.* are missing or not known"):
        board("a")
    (tmp_path / "b.toml").write_text("title\n")
    with pytest.raises(ConfigError, match=r"b\.toml"):
        board("b")


# ---- Vivado

TCLSH = shutil.which("tclsh")
needs_tcl = pytest.mark.skipif(TCLSH is None and "CI" not in os.environ, reason="no tclsh: apt-get install tcl")


def tcl(folder: Path, **environment: str) -> tuple[int, str, list[list[str]]]:
    """Run the script against the stubs; status, what it said, and each command of Vivado's that it gave."""
    record = folder / "record"
    defaults = {"BSFF_BOARD_FILES": "", "BSFF_PROGRESS": "100%", "BSFF_SETUP": "0.25", "BSFF_HOLD": "0.01"}
    done = subprocess.run(
        ["tclsh", str(STUBS)], cwd=folder, capture_output=True, text=True, timeout=60,
        env={**os.environ, **defaults, "BSFF_RECORD": str(record), **environment},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr, [line.split() for line in record.read_text().splitlines()]


def script(folder: Path, name: str, mhz: int = 80) -> Board:
    chosen = board(name)
    (folder / vivado.SCRIPT).write_text(vivado.script(chosen, clock_mhz=mhz))
    return chosen


@needs_tcl
@pytest.mark.parametrize("name", ["pynq-z1", "pynq-z2", "zcu104", "kv260"])
def test_the_recorded_design_is_that_of_the_tables(name: str, tmp_path: Path) -> None:
    chosen = script(tmp_path, name)
    status, said, commands = tcl(tmp_path)
    assert status == 0, said
    assert (tmp_path / "bsff.bit").read_text() == "bits\n"
    assert (tmp_path / "bsff.hwh").read_text() == "handoff\n"
    assert json.loads((tmp_path / "vivado.json").read_text()) == {
        "tool": "Vivado", "version": "2024.1", "setup_slack_ns": 0.25, "hold_slack_ns": 0.01,
    }  # fmt: skip
    given = [" ".join(command) for command in commands]
    assert given[0] == f"create_project bsff vivado -part {chosen.part} -force"
    assert f"create_bd_cell -type module -reference {module.MODULE} {vivado.CELL}" in given
    mapped = next(c for c in commands if c[0] == "assign_bd_address" and "-offset" in c)
    assert int(mapped[mapped.index("-offset") + 1], 16) == chosen.address
    assert int(mapped[mapped.index("-range") + 1], 16) == registers.WINDOW
    settings = next(line for line in given if line.startswith("set_property -dict") and "FREQMHZ 80" in line)
    wide = "PCW_S_AXI_HP0_DATA_WIDTH 64" if chosen.family == "zynq7" else "PSU__SAXIGP2__DATA_WIDTH 64"
    assert wide in settings
    # every clock and reset of the machine and of what lies between is driven, once
    driven = [c[2] for c in commands if c[0] == "connect_bd_net"]
    assert len(driven) == len(set(driven))
    assert {"bsff_0/aclk", "control/aclk", "memory/aclk", "reset/slowest_sync_clk"} <= set(driven)
    assert {"bsff_0/aresetn", "control/aresetn", "memory/aresetn", "reset/ext_reset_in"} <= set(driven)
    assert sum("CLK" in pin.upper() and pin.startswith("ps/") for pin in driven) == 2
    links = {tuple(c[1:]) for c in commands if c[0] == "connect_bd_intf_net"}
    ends = {end for link in links for end in link}
    assert {
        "bsff_0/S_AXI",
        "bsff_0/M_AXI",
        "control/S00_AXI",
        "control/M00_AXI",
        "memory/S00_AXI",
        "memory/M00_AXI",
    } <= ends
    assert len(links) == 4
    assert len([c for c in commands if c[0] == "assign_bd_address"]) == 2
    assert given.index("validate_bd_design") < given.index("open_run impl_1")


@needs_tcl
def test_board_files_are_welcome_and_not_needed(tmp_path: Path) -> None:
    chosen = script(tmp_path, "pynq-z1")
    _, said, commands = tcl(tmp_path)
    assert "none of the board files" in said
    assert not any("board_part" in c for c in commands)
    status, _, commands = tcl(tmp_path, BSFF_BOARD_FILES=chosen.board_parts[1])
    assert status == 0
    assert ["set_property", "board_part", chosen.board_parts[1], "project"] in commands


@needs_tcl
@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"BSFF_SETUP": "-0.001"},
            "bsff: slack of setup is -0.001 ns at 80 MHz, expected 0 or more: build with a lower --mhz",
        ),
        ({"BSFF_HOLD": "-2"}, "bsff: slack of hold is -2 ns"),
        ({"BSFF_SETUP": ""}, "bsff: slack of setup is  ns"),
        ({"BSFF_PROGRESS": "60%"}, "bsff: Vivado did not finish: route_design ERROR"),
    ],
)
def test_a_bad_build_leaves_no_bitstream(environment: dict[str, str], said: str, tmp_path: Path) -> None:
    script(tmp_path, "pynq-z2")
    status, words, _ = tcl(tmp_path, **environment)
    assert status == 1
    assert said in words
    assert not (tmp_path / "bsff.bit").exists()
    assert not (tmp_path / "vivado.json").exists()


@needs_tcl
def test_a_misspelt_command_is_noticed(tmp_path: Path) -> None:
    script(tmp_path, "pynq-z2")
    text = (tmp_path / vivado.SCRIPT).read_text()
    (tmp_path / vivado.SCRIPT).write_text(text.replace("validate_bd_design", "validate_design"))
    status, said, _ = tcl(tmp_path)
    assert status != 0
    assert "invalid command name" in said


def test_the_wrapper_names_every_port() -> None:
    text = module.wrapper()
    for prefix, ports in (("s_axi_", axi_lite.PORTS), ("m_axi_", axi_reader.PORTS)):
        interface = prefix[:-1].upper()
        for name, member in ports.items():
            flow = "input" if member.flow == axi_lite.In else "output"
            width = (
                len(member.shape) if hasattr(member.shape, "__len__") else getattr(member.shape, "width", member.shape)
            )
            span = "" if width == 1 else rf"\[{width - 1}:0\] "
            declared = rf"aximm:1\.0 {interface} {name.upper()}\".*\*\)\n    {flow} wire {span}{prefix}{name},"
            assert re.search(declared, text), name
            assert f".{prefix}{name}({prefix}{name})" in text
    assert "ASSOCIATED_BUSIF S_AXI:M_AXI" in text


# ---- openXC7 and the bare PS7


@pytest.mark.slow
def test_the_shell_fits_the_primitive(tmp_path: Path) -> None:
    """Yosys knows PS7: every port of ours is one of its, of the same width."""
    (tmp_path / "top.v").write_text(ps7.verilog(CONFIG))
    said = run_yosys(
        "read_verilog -lib +/xilinx/cells_sim.v +/xilinx/cells_xtra.v; read_verilog top.v; hierarchy -check -top bsff_ps7",
        tmp_path,
    )
    assert "Resizing cell port bsff_ps7.ps7" not in said
    text = (tmp_path / "top.v").read_text()
    (tmp_path / "top.v").write_text(text.replace(".MAXIGP0ARADDR(", ".MAXIGP0ARADR("))
    with pytest.raises(AssertionError, match="does not have a port named 'MAXIGP0ARADR'"):
        run_yosys(
            "read_verilog -lib +/xilinx/cells_sim.v +/xilinx/cells_xtra.v; read_verilog top.v; hierarchy -check -top bsff_ps7",
            tmp_path,
        )


def run_yosys(commands: str, folder: Path) -> str:
    (folder / "script.ys").write_text(commands.replace("; ", "\n") + "\n")
    done = subprocess.run(
        [*yosys.command(), "script.ys"], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.fixture
def toolbox(tmp_path: Path) -> Path:
    """Programs that stand in for openXC7; each writes what was asked of it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    scripts = {
        "yosys": "",
        "nextpnr-xilinx": "echo \"Info: Max frequency for clock 'fclk': ${REACHED:-90.00} MHz (${VERDICT:-PASS} at 80.00 MHz)\"",
        "fasm2frames": "echo frames",
        "xc7frames2bit": 'for a; do last=$a; done; echo bits >"$last"',
    }
    for name, body in scripts.items():
        (folder / name).write_text(f'#!/bin/sh\necho {name} "$@" >>"$RECORD"\n{body}\n')
        (folder / name).chmod(0o755)
    return folder


def openxc7_run(folder: Path, toolbox: Path, **environment: str) -> tuple[int, str, str]:
    chosen = board("pynq-z2")
    (folder / openxc7.SCRIPT).write_text(openxc7.script(chosen, clock_mhz=80))
    record = folder / "asked"
    record.unlink(missing_ok=True)
    done = subprocess.run(
        ["sh", openxc7.SCRIPT], cwd=folder, capture_output=True, text=True, timeout=60,
        env={"PATH": f"{toolbox}:/usr/bin:/bin", "RECORD": str(record), "CHIPDB": "/chips", "PRJXRAY_DB_DIR": "/db", **environment},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr, record.read_text() if record.exists() else ""


def test_openxc7(tmp_path: Path, toolbox: Path) -> None:
    status, said, asked = openxc7_run(tmp_path, toolbox)
    assert status == 0, said
    assert (tmp_path / "bsff.bit").read_text() == "bits\n"
    assert "--chipdb /chips/xc7z020clg400.bin" in asked
    assert "--freq 80" in asked
    assert asked.count("xc7z020clg400-1") == 3
    assert "-nobram" not in asked
    assert "synth_xilinx -flatten -abc9 -arch xc7 -top bsff_ps7" in asked


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"VERDICT": "FAIL"}, "bsff: 80 MHz is not reached: build with a lower --mhz"),
        ({"CHIPDB": ""}, "bsff: set CHIPDB to the folder that holds xc7z020clg400.bin"),
    ],
)
def test_openxc7_fails_clearly(environment: dict[str, str], said: str, tmp_path: Path, toolbox: Path) -> None:
    (tmp_path / "bsff.bit").write_text("of an earlier build")
    status, words, _ = openxc7_run(tmp_path, toolbox, **environment)
    assert status != 0
    assert said in words
    if environment.get("VERDICT"):
        assert not (tmp_path / "bsff.bit").exists()
    (toolbox / "fasm2frames").unlink()
    status, words, _ = openxc7_run(tmp_path, toolbox)
    assert "bsff: fasm2frames is not installed" in words


def test_pins() -> None:
    assert "PACKAGE_PIN R14 [get_ports led]" in openxc7.constraints(board("pynq-z2"))
    assert openxc7.constraints(board("kv260")) == ""


# ---- the handoff


def test_the_handoff_holds_the_register_table() -> None:
    tree = ElementTree.fromstring(hwh.handoff(CONFIG, board("pynq-z2"), clock_mhz=50))
    found = {
        entry.attrib["NAME"]: {p.attrib["NAME"]: p.attrib["VALUE"] for p in entry.findall("PROPERTY")}
        for entry in tree.iter("REGISTER")
    }
    predictors = geometry(CONFIG).predictors
    assert len(found) == len(registers.GLOBAL) + len(predictors) * len(registers.BLOCK)
    assert int(found["MEMORY_DATA"]["ADDRESS_OFFSET"], 16) == registers.GLOBAL["MEMORY_DATA"].offset
    assert int(found["HEAD_STEP"]["ADDRESS_OFFSET"], 16) == registers.block_offset(len(predictors) - 1, "STEP")
    assert found["COMMAND"]["ACCESS"] == "write-only"
    ranges = [(r.attrib["BASEVALUE"], r.attrib["HIGHVALUE"]) for r in tree.iter("MEMRANGE")]
    assert ranges == [("0x40000000", "0x4000FFFF")]
    values = {p.attrib["NAME"]: p.attrib["VALUE"] for p in tree.iter("PARAMETER")}
    product = int(values["PCW_FCLK0_PERIPHERAL_DIVISOR0"]) * int(values["PCW_FCLK0_PERIPHERAL_DIVISOR1"])
    assert product * 50 == hwh.IO_PLL_MHZ


def test_impossible_handoffs_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"board kv260: an own \.hwh is for zynq7, this is zynqmp"):
        hwh.handoff(CONFIG, board("kv260"), clock_mhz=100)
    with pytest.raises(ConfigError, match=r"clock of 97 MHz: 1000 MHz of the PLL cannot be divided"):
        hwh.handoff(CONFIG, board("pynq-z1"), clock_mhz=97)


# ---- the command


@pytest.fixture
def no_verilog(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is generated is not looked at, and takes seconds."""
    monkeypatch.setattr("bsff_hw.machine.top.verilog", lambda config, primitives: "// bsff")
    monkeypatch.setattr(ps7, "verilog", lambda config, base: "// bsff_ps7")


@pytest.mark.usefixtures("no_verilog")
def test_the_manifest_fits_its_schema(tmp_path: Path) -> None:
    schema = json.loads((ROOT / "bitstreams" / "manifest.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    chosen = board("pynq-z2")
    for tool in ("vivado", "openxc7"):
        folder = tmp_path / tool
        build.prepare(CONFIG, chosen, tool, folder, clock_mhz=50)
        with pytest.raises(DeviceError, match=r"bsff\.bit: cannot be read"):
            build.collect(CONFIG, chosen, folder)
        (folder / "bsff.bit").write_bytes(b"bits")
        (folder / "bsff.hwh").write_bytes(b"handoff")
        with pytest.raises(DeviceError, match="cannot be read"):
            build.collect(CONFIG, chosen, folder)
        (folder / "vivado.json").write_text(
            '{"tool": "Vivado", "version": "2024.1", "setup_slack_ns": 0.5, "hold_slack_ns": 0.1}'
        )
        (folder / "nextpnr.log").write_text("Info: Max frequency for clock 'a': 62.50 MHz (PASS at 50.00 MHz)\n")
        manifest = build.collect(CONFIG, chosen, folder)
        jsonschema.validate(manifest, schema)
        assert json.loads((folder / build.MANIFEST).read_text()) == manifest
        assert manifest["build"] == f"0x{registers.build_hash(CONFIG):08x}"
        assert manifest["setup_slack_ns"] == {"vivado": 0.5, "openxc7": 4.0}[tool]
        with pytest.raises(DeviceError, match=r"prepared for board pynq-z2 and build .* not for pynq-z1"):
            build.collect(CONFIG, board("pynq-z1"), folder)
    (tmp_path / "vivado" / "vivado.json").write_text(
        '{"tool": "Vivado", "version": "2024.1", "setup_slack_ns": -0.5, "hold_slack_ns": 0.1}'
    )
    with pytest.raises(DeviceError, match=r"slack of setup is -0\.5 ns"):
        build.collect(CONFIG, chosen, tmp_path / "vivado")


def test_every_manifest_here_fits(tmp_path: Path) -> None:
    schema = json.loads((ROOT / "bitstreams" / "manifest.schema.json").read_text())
    # there may be none, as only what was really built lies there; then the schema itself is what is looked at
    jsonschema.validators.validator_for(schema).check_schema(schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({}, schema)
    for path in (ROOT / "bitstreams").glob("*/manifest.json"):
        jsonschema.validate(json.loads(path.read_text()), schema)


def test_the_command_without_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(build.TOOLS, "vivado", ("vivado-that-nobody-has",))
    out = tmp_path / "z2"
    assert main(["build", "digits-small", "--board", "pynq-z2", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "not built: vivado-that-nobody-has not found: install Vivado 2024.1" in said
    assert "run there: vivado -mode batch -nojournal -source build.tcl" in said
    assert {path.name for path in out.iterdir()} == {"bsff.v", "bsff_ip.v", "build.tcl", "config.toml", "build.json"}
    assert main(["build", "digits-small", "--board", "pynq-z2", "--out", str(out), "--collect"]) == 2
    assert "run the tool in" in capsys.readouterr().err
    assert main(["build", "digits-small", "--board", "kv260", "--tool", "openxc7", "--out", str(out)]) == 2
    assert "openxc7 builds for zynq7, this is zynqmp; use --tool vivado" in capsys.readouterr().err
    assert main(["build", "digits-small", "--board", "pynq-z9", "--out", str(out)]) == 2
    assert main(["build", "digits-small", "--board", "pynq-z2", "--mhz", "9", "--out", str(out)]) == 2


@needs_tcl
@pytest.mark.usefixtures("no_verilog")
def test_the_command_with_a_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Vivado that is tclsh with the stubs: from the configuration to the manifest in one command."""
    tool = tmp_path / "bin" / "vivado"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec tclsh "{STUBS}"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    for name, value in {"BOARD_FILES": "", "PROGRESS": "100%", "SETUP": "0.25", "HOLD": "0.5"}.items():
        monkeypatch.setenv(f"BSFF_{name}", value)
    monkeypatch.setenv("BSFF_RECORD", str(tmp_path / "record"))
    out = tmp_path / "z2"
    order = ["build", "digits-small", "--board", "pynq-z2", "--out", str(out)]
    assert main(order) == 0
    assert "100 MHz, slack 0.25 ns" in capsys.readouterr().out
    monkeypatch.setenv("BSFF_SETUP", "-1")
    assert main(order) == 2
    assert "slack of setup is -1 ns at 100 MHz" in capsys.readouterr().err
    assert not (out / "manifest.json").exists()
    tool.write_text("#!/bin/sh\nsleep 60\n")
    assert main([*order, "--timeout", "0.2"]) == 2
    assert "vivado did not end within 0.2 s" in capsys.readouterr().err
