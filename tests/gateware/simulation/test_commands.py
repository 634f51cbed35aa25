"""The command line around the rtl device: Verilog, waves, and what is refused before anything is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bsff.cli import main as bsff
from bsff.cli import train
from bsff.config import load
from bsff_hw.machine import top
from bsff_hw.simulation.generate import generate
from bsff_hw.tools import need_amaranth


def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Verilog is generated, which takes seconds: what was asked for is said instead."""
    monkeypatch.setattr(
        top, "verilog", lambda config, *, memory, primitives: f"{config.name} {config.layers[0].weight_bits} {memory}\n"
    )
    monkeypatch.setattr(top, "block_verilog", lambda config, block, *, primitives: f"{block} of {config.name}\n")


def test_verilog_goes_to_standard_output_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in(monkeypatch)
    assert bsff(["verilog", "digits-small"]) == 0
    assert capsys.readouterr().out == "digits-small 12 True\n"
    assert bsff(["verilog", "digits-small", "-o", str(tmp_path / "bsff.v")]) == 0
    assert (tmp_path / "bsff.v").read_text() == "digits-small 12 True\n"
    assert capsys.readouterr().out == ""
    assert bsff(["verilog", "digits-small", "-o", str(tmp_path / "missing" / "bsff.v")]) == 2
    assert "missing/bsff.v: cannot be written" in capsys.readouterr().err


def test_verilog_is_of_the_settings(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stand_in(monkeypatch)
    assert bsff(["verilog", "digits-small", "--set", "layer[1].weight_bits=9", "--no-reader"]) == 0
    assert capsys.readouterr().out == "digits-small 9 False\n"
    assert generate(load("digits"), "layer1") == "layer1 of digits\n"


ORDERS = {
    "build": ["digits-small", "--board", "pynq-z2"],
    "synth": ["digits-small", "--target", "xc7z020"],
    "train": ["digits-small", "--device", "rtl"],
    "verilog": ["digits-small"],
}


@pytest.mark.parametrize("command", ORDERS)
def test_every_command_says_that_amaranth_is_missing(command: str, tmp_path: Path) -> None:
    """In a process of its own, since what was imported once stays."""
    code = f"import sys; sys.modules['amaranth'] = None; from bsff.cli import main; sys.exit(main({[command, *ORDERS[command]]}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (
        done.stderr == "bsff: generating Verilog needs amaranth, which is not installed: pip install 'bsff[hardware]'\n"
    )
    assert done.returncode == 2


@pytest.mark.parametrize(
    "error", [ImportError("no tile", name="amaranth.hdl"), ModuleNotFoundError("x", name="bsff_hw.x")]
)
def test_a_fault_of_the_gateware_is_not_hidden(error: ImportError) -> None:
    """A name that a module lacks is no package that is not installed."""
    with pytest.raises(type(error)), need_amaranth():
        raise error


def test_waves_of_the_emulated_device_are_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert bsff(["train", "digits-small", "--waves", "w.fst", "--out", str(out)]) == 2
    assert "waves file w.fst: device emulated has no signals to record" in capsys.readouterr().err
    assert not out.exists()


def test_training_opens_the_device_once_and_closes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    class Unfit:
        def read(self, offset: int) -> int:
            return 0

        def close(self) -> None:
            calls.append("closed")

    def opening(name: str, config: Any, *, waves: Path | None) -> Unfit:
        calls.append((name, waves, (tmp_path / "run").exists()))
        return Unfit()

    monkeypatch.setattr(train, "open_device", opening)
    arguments = ["train", "digits-small", "--device", "rtl", "--waves", "w.fst", "--out", str(tmp_path / "run")]
    assert bsff(arguments) == 2  # MAGIC
    assert calls == [("rtl", Path("w.fst"), False), "closed"]
