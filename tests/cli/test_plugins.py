"""Commands and devices of other packages: found by their entry points, and explained where they are broken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bsff.cli import main
from bsff.config import load
from bsff.errors import DeviceError
from bsff.machine.devices import device_names, open_device

GREET = """
def add(commands):
    parser = commands.add_parser("greet", help="say hello")
    parser.add_argument("name")
    parser.set_defaults(run=lambda arguments: print("hello", arguments.name) or 0)

def device(config):
    return config.name
"""
POINTS = """
[bsff.commands]
greet = bsff_greeting
missing = bsff_greeting.missing
silent = json

[bsff.devices]
name = bsff_greeting:device
other = bsff_greeting:nothing
"""


@pytest.fixture
def greeting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package with commands and devices, some of them broken."""
    (tmp_path / "bsff_greeting.py").write_text(GREET)
    info = tmp_path / "bsff_greeting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bsff-greeting\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "bsff_greeting", raising=False)


@pytest.mark.usefixtures("greeting")
def test_a_package_brings_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["greet", "world"]) == 0
    assert capsys.readouterr().out == "hello world\n"


@pytest.mark.usefixtures("greeting")
@pytest.mark.parametrize(
    ("command", "reason"),
    [("missing", "ModuleNotFoundError: No module named 'bsff_greeting.missing'"), ("silent", "AttributeError: ")],
)
def test_a_broken_command_says_so_and_hinders_no_other(
    command: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "digits", "--option", "-x"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"bsff: the command {command} of bsff-greeting cannot be loaded ({reason}")
    assert said.endswith("install bsff-greeting anew\n")
    assert said.count("\n") == 1
    assert main(["config", "check", "digits"]) == 0


@pytest.mark.usefixtures("greeting")
def test_a_package_brings_a_device(tmp_path: Path) -> None:
    assert device_names() == ("emulated", "name", "other", "pynq", "rtl", "serial")
    assert open_device("name", load("digits")) == "digits"
    with pytest.raises(
        DeviceError, match=r"the other device cannot be loaded \(.*nothing.*\); install its package anew"
    ):
        open_device("other", load("digits"))
    with pytest.raises(DeviceError, match="device name has no signals to record; use the rtl device"):
        open_device("name", load("digits"), waves=tmp_path / "w.fst")
    with pytest.raises(DeviceError, match="device name has no bits to count the changes of; use the rtl device"):
        open_device("name", load("digits"), toggles=True)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from bsff.cli.main import parser; parser().format_help(); "
        "print(*{'amaranth', 'matplotlib', 'numba', 'pandas', 'torch'}.intersection(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "\n"


def test_the_program_works_without_the_gateware() -> None:
    code = "import sys; sys.modules['bsff_hw'] = None; from bsff.cli import main; sys.exit(main(sys.argv[1:]))"
    for arguments, status, said in (
        (["config", "check", "digits"], 0, ""),
        (["verilog", "digits"], 2, "bsff: the command verilog of bsff cannot be loaded (ModuleNotFoundError"),
        (["train", "digits", "--device", "rtl"], 2, "bsff: the rtl device needs bsff_hw, which is not installed"),
    ):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr[: len(said)]) == (status, said)
