"""The command line around the rtl device: Verilog, waves, and what is refused before anything is written."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rtl_helpers import gateware

from bsff.cli import main as bsff
from bsff.cli import train
from bsff_hw.simulation import generate


def test_verilog_goes_to_standard_output_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "import_module", lambda name: gateware("module bsff;\nendmodule\n"))
    assert bsff(["verilog", "digits-small"]) == 0
    expected = "// digits-small\nmodule bsff;\nendmodule\n"
    assert capsys.readouterr().out == expected
    assert bsff(["verilog", "digits-small", "-o", str(tmp_path / "bsff.v")]) == 0
    assert (tmp_path / "bsff.v").read_text() == expected
    assert capsys.readouterr().out == ""
    assert bsff(["verilog", "digits-small", "-o", str(tmp_path / "missing" / "bsff.v")]) == 2
    assert "missing/bsff.v: cannot be written" in capsys.readouterr().err


def test_verilog_is_of_the_settings(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(
        generate,
        "import_module",
        lambda name: SimpleNamespace(verilog=lambda config: f"{name} {config.layers[0].weight_bits}"),
    )
    assert bsff(["verilog", "digits-small", "--set", "layer[1].weight_bits=9"]) == 0
    assert capsys.readouterr().out == "bsff_hw.machine.top 9"


@pytest.mark.parametrize(
    ("missing", "remedy"),
    [
        ("amaranth.lib", "needs amaranth, which is not installed: pip install 'bsff[hardware]'"),
        ("bsff_hw", "needs the package bsff_hw, which this installation of bsff lacks: pip install 'bsff[hardware]'"),
    ],
)
def test_what_verilog_needs_is_named(
    missing: str, remedy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def importing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    monkeypatch.setattr(generate, "import_module", importing)
    assert bsff(["verilog", "digits-small"]) == 2
    assert remedy in capsys.readouterr().err


@pytest.mark.parametrize("module", ["bsff.contract.geometry", "bsff_hw.tile", "amaranth.hdl"])
def test_a_fault_of_the_gateware_is_not_hidden(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that a module lacks is no package that is not installed."""

    def importing(name: str) -> Any:
        raise ImportError("cannot import name 'tile'", name=module)

    monkeypatch.setattr(generate, "import_module", importing)
    with pytest.raises(ImportError, match="tile"):
        bsff(["verilog", "digits-small"])


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
