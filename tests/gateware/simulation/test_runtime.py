"""Verilator's library is compiled once, and lent to every design that is compiled with the same flags."""

from __future__ import annotations

from pathlib import Path

import pytest
from rtl_helpers import STANDIN

from bsff_hw.simulation.build import build
from bsff_hw.simulation.runtime import Runtime


def test_objects_are_kept_once_and_lent_newer_than_the_makefile(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    runtime = Runtime(tmp_path, ["5.48", "-O1"])
    runtime.lend(second)
    assert list(second.iterdir()) == []
    runtime.keep(first)  # nothing was made
    assert not runtime.folder.exists()
    (first / "verilated.o").write_text("object")
    (first / "Vbsff.o").write_text("of the design")
    runtime.keep(first)
    (first / "verilated.o").write_text("of another build")
    runtime.keep(first)
    runtime.lend(second)
    assert [(file.name, file.read_text()) for file in second.iterdir()] == [("verilated.o", "object")]
    makefile = second / "Vbsff.mk"
    makefile.touch()
    assert (second / "verilated.o").stat().st_mtime > makefile.stat().st_mtime
    assert Runtime(tmp_path, ["5.48", "-O2"]).folder != runtime.folder


@pytest.mark.slow
def test_a_second_design_does_not_compile_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BSFF_CACHE", str(tmp_path))
    logs = []
    for text in (STANDIN, STANDIN + "// another\n"):
        logs.append((build(text, trace=False).parent / "build.log").read_text())
    assert ["verilated.cpp" in log for log in logs] == [True, False]
    assert all("Vbsff.cpp" in log for log in logs)
