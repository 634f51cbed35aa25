"""Boards with an ECP5: PLL, pins, and the way from a configuration to a manifest; the tools themselves where they are quick."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bsff.cli.main import main
from bsff.config import load
from bsff.errors import BsffError, ConfigError, DeviceError
from bsff_hw.boards import board, build, flash
from bsff_hw.boards.ecp5 import flow, manifest, pll, shell
from bsff_hw.boards.table import Board
from bsff_hw.synthesis.place import PLACERS
from bsff_hw.tools import installed

ROOT = Path(__file__).resolve().parents[3]
BOARDS = ["ulx3s-85f", "ecpix5-85f"]
CONFIG = load("digits-tiny")

# ---- the PLL


@pytest.mark.parametrize("reference", [12.0, 25.0, 100.0])
def test_every_clock_is_made_exactly_or_refused(reference: float) -> None:
    made = 0
    for mhz in range(10, 250):
        if pll.below(reference, mhz) < mhz:
            with pytest.raises(ConfigError, match=f"cannot make it of {reference:g} MHz"):
                pll.pll(reference, mhz)
            continue
        found = pll.pll(reference, mhz)
        made += 1
        assert reference / found.divided * found.feedback == pytest.approx(mhz, rel=1e-12)
        assert pll.OSCILLATOR_MHZ[0] <= mhz * found.output <= pll.OSCILLATOR_MHZ[1]
        assert pll.DETECTOR_MHZ[0] <= reference / found.divided <= pll.DETECTOR_MHZ[1]
        assert pll.below(reference, mhz + 0.9) == mhz
    assert made > 40
    with pytest.raises(ConfigError, match="makes none that low"):
        pll.below(reference, 1)


@pytest.mark.parametrize(("reference", "mhz"), [(25, 75), (100, 80), (25, 60)])
def test_the_primitive_is_set_as_prjtrellis_sets_it(reference: int, mhz: int, tmp_path: Path) -> None:
    """Against ecppll of the same tool chain: the same clock from the same divider of the reference, and the same analogue settings."""
    program = installed("yowasp-ecppll")
    assert program is not None
    out = tmp_path / "pll.v"
    words = [program, "--clkin", str(reference), "--clkout0", str(mhz), "--file", out.name]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    text = out.read_text()
    found = pll.pll(reference, mhz)
    theirs = {name: int(re.search(rf"\.{name}\((\d+)\)", text)[1]) for name in ("CLKI_DIV", "CLKFB_DIV", "CLKOP_DIV")}  # type: ignore[index]
    assert reference / theirs["CLKI_DIV"] * theirs["CLKFB_DIV"] == mhz == found.mhz
    assert found.divided == theirs["CLKI_DIV"]
    assert found.feedback == theirs["CLKFB_DIV"]
    assert abs(found.output - theirs["CLKOP_DIV"]) <= 1  # both in the middle of the oscillator's range
    assert dict(re.findall(r'\(\* (ICP_CURRENT|LPF_RESISTOR|MFG_\w+)="(\d+)" \*\)', text)) == pll.ANALOGUE


# ---- the table


@pytest.mark.parametrize("name", BOARDS)
def test_boards_are_those_of_amaranth(name: str) -> None:
    chosen = board(name)
    described = shell.platform(chosen)
    assert chosen.part.startswith(f"{described.device}-{described.speed}{described.package}")
    assert pll.pll(shell.reference_mhz(described), chosen.clock_mhz).mhz == chosen.clock_mhz
    assert chosen.loader
    assert build.default_tool(chosen) == "trellis"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"baud": 0}, "board x: baud = 0: expected 1 to 12,000,000"),
        ({"platform": "amaranth_boards.ulx3s"}, "board x: platform = 'amaranth_boards.ulx3s': expected MODULE:CLASS"),
    ],
)
def test_wrong_boards_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        Board(**{**vars(board("ulx3s-85f")), "name": "x", **change})


def test_a_class_that_is_not_there_is_named() -> None:
    fields = {**vars(board("ulx3s-85f")), "name": "x"}
    with pytest.raises(ConfigError, match=r"board x: nowhere is not installed: pip install 'bsff\[hardware\]'"):
        shell.platform(Board(**{**fields, "platform": "nowhere:Board"}))
    with pytest.raises(ConfigError, match="expected MODULE:CLASS of amaranth-boards"):
        shell.platform(Board(**{**fields, "platform": "amaranth_boards.ulx3s:Board"}))


@pytest.mark.slow
@pytest.mark.parametrize("name", BOARDS)
def test_pins_and_clock(name: str) -> None:
    chosen = board(name)
    files = shell.prepare(CONFIG, chosen, chosen.clock_mhz)
    described = shell.platform(chosen)
    constraints = files["bsff.lpf"]
    assert (
        f'FREQUENCY PORT "{described.default_clk}_0__io" {shell.reference_mhz(described) * 1e6:.1f} HZ' in constraints
    )
    uart = described.lookup("uart")
    for pin in uart.ios:
        if pin.name in ("rx", "tx"):
            assert f'LOCATE COMP "uart_0__{pin.name}__io" SITE "{pin.ios[0].names[0]}"' in constraints
    assert '.REG_OUTPUT_CLK("CLK0")' in files["bsff.v"]  # products in blocks with registers of their own
    assert shell.place(chosen)[1:3] == ["--package", described._nextpnr_package_options[described.package].upper()]


def connections(verilog: str, module: str) -> dict[str, str]:
    """What is connected to the one instance of a module."""
    [instance] = re.findall(rf"^  {module} .*?^  \);", verilog, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"^    \.(\S+) ?\((.*?) ?\),?$", instance.partition(" (\n")[2], re.MULTILINE))


def test_the_clock_waits_for_the_pll_and_no_register_has_a_reset() -> None:
    verilog = shell.prepare(CONFIG, board("ulx3s-85f"), 60)["bsff.v"]
    made, gate = (connections(verilog, primitive) for primitive in ("EHXPLLL", "DCCA"))
    assert made["CLKOP"] == made["CLKFB"] == gate["CLKI"] != gate["CLKO"]
    synchroniser = connections(verilog, r"\\bsff\.locked")
    assert sorted(synchroniser.values()) == sorted([made["LOCK"], gate["CLKI"], gate["CE"]])
    assert set(re.findall(r"always @\(posedge (\w+)\)", verilog)) == {gate["CLKI"], gate["CLKO"]}
    assert not re.search(r"\b(rst|reset)\b", verilog)


# ---- from a configuration to a manifest, with tools that stand in for the slow ones

STAND_IN = """
import json, sys
from pathlib import Path
order = json.loads(Path("build.json").read_text())
Path("report.json").write_text(json.dumps({"fmax": {"clk": {"achieved": REACHED}}, "utilization": {"TRELLIS_FF": {"used": 7}}}))
Path("versions").write_text("Yosys 0.70, nextpnr-0.11\\n")
Path("bsff.bit").write_bytes(b"bits at %d" % order["clock_mhz"])
Path("bsff.svf").write_bytes(b"svf")
"""


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Builds that reach a clock at once."""
    import sys

    monkeypatch.setattr(shell, "Shell", None)
    monkeypatch.setattr(build.ecp5, "prepare", lambda config, chosen, mhz: {"bsff.v": f"// {mhz}"})

    def reach(mhz: float) -> None:
        monkeypatch.setattr(build.ecp5, "COMMAND", [sys.executable, "-c", STAND_IN.replace("REACHED", str(mhz))])

    return reach


def test_the_manifest_fits_its_schema(tmp_path: Path, stand_in: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stand_in(93.2)
    out = tmp_path / "b"
    assert main(["build", "digits-tiny", "--board", "ulx3s-85f", "--out", str(out), "--place-seed", "5"]) == 0
    assert "bsff.bit, bsff.svf, manifest.json; 75 MHz, slack 2.604 ns" in capsys.readouterr().out
    found = json.loads((out / "manifest.json").read_text())
    jsonschema.validate(found, json.loads((ROOT / "bitstreams" / "manifest.schema.json").read_text()))
    assert found["seed"] == 5
    assert found["version"] == "Yosys 0.70, nextpnr-0.11"
    assert found["reached_mhz"] == 93.2
    assert found["files"]["bsff.bit"] == hashlib.sha256(b"bits at 75").hexdigest()


def test_a_machine_that_crowds_the_chip_is_placed_otherwise(
    tmp_path: Path, stand_in: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(93.2)
    order = ["build", "digits-tiny", "--board", "ulx3s-85f"]
    told = {}
    for placer in PLACERS:
        out = tmp_path / placer
        assert main([*order, "--out", str(out), "--placer", placer]) == 0
        found = json.loads((out / "manifest.json").read_text())
        jsonschema.validate(found, json.loads((ROOT / "bitstreams" / "manifest.schema.json").read_text()))
        assert found["placer"] == placer
        told[placer] = flow.nextpnr(json.loads((out / "build.json").read_text()))
    assert told["static"][-2:] == ["--placer", "static"] != told["heap"][-2:]
    assert main([*order, "--out", str(tmp_path / "default")]) == 0
    assert json.loads((tmp_path / "default/manifest.json").read_text())["placer"] == "heap"
    with pytest.raises(SystemExit, match="2"):
        main([*order, "--placer", "sa"])
    with pytest.raises(ConfigError, match="--placer sa: expected one of heap, static"):
        build.prepare(CONFIG, board("ulx3s-85f"), "trellis", tmp_path / "x", placer="sa")
    capsys.readouterr()
    assert main(["build", "digits-tiny", "--board", "pynq-z2", "--no-run", "--placer", "static"]) == 2
    assert "--placer static: vivado has none to choose" in capsys.readouterr().err


def test_a_clock_that_is_not_reached_is_lowered(
    tmp_path: Path, stand_in: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in(71.3)
    out = tmp_path / "b"
    order = ["build", "digits-tiny", "--board", "ulx3s-85f", "--out", str(out)]
    assert main(order) == 0
    assert "71.3 MHz were reached: building again for 70 MHz" in capsys.readouterr().out
    assert json.loads((out / "manifest.json").read_text())["clock_mhz"] == 70
    assert main([*order, "--mhz", "80"]) == 2  # what was asked for is not changed in silence
    assert "slack of setup is -1.525 ns, 71.3 MHz were reached; build with a lower --mhz" in capsys.readouterr().err
    assert not (out / "manifest.json").exists()


def test_tools_and_boards_that_do_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "digits-tiny", "--board", "ulx3s-85f", "--tool", "vivado", "--out", str(tmp_path / "b")]) == 2
    assert "vivado builds for zynq7, zynqmp, this is ecp5; use --tool trellis" in capsys.readouterr().err
    assert main(["build", "digits-tiny", "--board", "ulx3s-85f", "--mhz", "77", "--out", str(tmp_path / "b")]) == 2
    assert "the PLL cannot make it of 25 MHz; the next below that it can is 75 MHz" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_a_failing_tool_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / flow.ORDER).write_text(json.dumps({"place": ["--85k"], "placer": "heap", "seed": 1}))
    (tmp_path / "bsff.v").write_text("module bsff (\n  input a;\nendmodule\n")
    with pytest.raises(Exception, match="yosys failed with status 1"):
        flow.build(tmp_path)
    monkeypatch.setattr(flow, "installed", lambda name: None)
    with pytest.raises(Exception, match=r"needs ecppack, which is not installed: pip install 'bsff\[hardware\]'"):
        flow.ecppack()


def test_a_folder_that_was_not_prepared_is_said_in_a_sentence(tmp_path: Path) -> None:
    ended = subprocess.run(flow.COMMAND, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("bsff: [Errno 2] No such file or directory: ")
    assert ended.stderr.count("\n") == 1
    (tmp_path / flow.ORDER).write_text('{"place": [], "seed": 1}')  # of an earlier version
    with pytest.raises(BsffError, match=r"build\.json: placer: not there; prepare the folder again"):
        flow.build(tmp_path)


def test_reports_that_are_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="a report cannot be read"):
        manifest.facts(tmp_path, {})


# ---- into the board

SCRIPT = '#!/bin/sh\necho "$@" >"$(dirname "$0")/said"\n'


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "built"
    folder.mkdir()
    (folder / "bsff.bit").write_bytes(b"bits")
    files = {"bsff.bit": hashlib.sha256(b"bits").hexdigest()}
    (folder / "manifest.json").write_text(json.dumps({"board": "ulx3s-85f", "config": "digits-tiny", "files": files}))
    return folder


def loader(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str = "") -> Path:
    program = folder / "bin" / "openFPGALoader"
    program.parent.mkdir(exist_ok=True)
    program.write_text(SCRIPT + body)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program


def test_flash(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = loader(tmp_path, monkeypatch)
    assert main(["flash", str(built)]) == 0
    assert "now: bsff train digits-tiny --device serial" in capsys.readouterr().out
    assert (program.parent / "said").read_text().split() == ["--board", "ulx3s", str(built / "bsff.bit")]
    assert main(["flash", str(built), "--permanent"]) == 0
    assert "--write-flash" in (program.parent / "said").read_text()
    capsys.readouterr()
    assert main(["flash", str(built), "--dry-run"]) == 0
    assert capsys.readouterr().out == f"openFPGALoader --board ulx3s {built / 'bsff.bit'}\n"


def test_flash_says_what_is_wrong(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["flash", str(built)]) == 2
    assert "openFPGALoader is not installed: apt-get install openfpgaloader" in capsys.readouterr().err
    loader(tmp_path, monkeypatch, "echo 'unable to open ftdi device' >&2; exit 1\n")
    assert main(["flash", str(built)]) == 2
    assert (
        "openFPGALoader ended with status 1 (unable to open ftdi device); is the board plugged in"
        in capsys.readouterr().err
    )
    loader(tmp_path, monkeypatch, "sleep 60\n")
    assert main(["flash", str(built), "--timeout", "0.2"]) == 2
    assert "did not end within 0.2 s" in capsys.readouterr().err
    (built / "bsff.bit").write_bytes(b"other bits")
    assert main(["flash", str(built)]) == 2
    assert "the manifest says" in capsys.readouterr().err
    assert main(["flash", str(tmp_path / "nothing")]) == 2
    assert "no bitstream with its manifest there" in capsys.readouterr().err
    kept = json.loads((built / "manifest.json").read_text())
    kept |= {"board": "pynq-z2", "files": {"bsff.bit": hashlib.sha256(b"other bits").hexdigest()}}
    (built / "manifest.json").write_text(json.dumps(kept))
    with pytest.raises(DeviceError, match="it is loaded by its own processor"):
        flash.command(built, flash.checked(built), permanent=False)
