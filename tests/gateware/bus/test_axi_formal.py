"""What AXI demands is proven of the bridge and the reader by SymbiYosys, and the proofs can fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from amaranth.back import rtlil
from axi_properties import PATIENCE, BridgeProperties, ReaderProperties

from bsff_hw.bus import reader as axi_reader

SECONDS = 300
SCRIPT = """
[options]
mode {mode}
depth {depth}
multiclock off

[engines]
smtbmc boolector

[script]
read_rtlil top.il
prep -top top

[files]
top.il
"""


def prove(component: Any, folder: Path, *, mode: str, depth: int) -> tuple[bool, str]:
    """Whether it holds, and what the tool said."""
    ports = [getattr(component, name) for name in component.signature.members]
    text = rtlil.convert(component, name="top", ports=ports, platform="formal")
    (folder / "top.il").write_text(text)
    (folder / "top.sby").write_text(SCRIPT.format(mode=mode, depth=depth))
    tools = folder / "bin"  # SymbiYosys asks for them by their plain names
    tools.mkdir()
    home = Path(sys.executable).parent
    for name in ("yosys", "yosys-smtbmc", "yosys-witness", "boolector"):
        link = tools / name
        link.symlink_to(home / f"yowasp-{name}")
    # the first run after an installation compiles, and says so where an answer is expected
    subprocess.run([tools / "boolector", "--version"], capture_output=True, check=True, timeout=SECONDS)
    done = subprocess.run(
        [str(home / "yowasp-sby"), "-f", "top.sby"], cwd=folder, capture_output=True, text=True, timeout=SECONDS,
        env={"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(Path.home())},
    )  # fmt: skip
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("component", "mode", "depth"),
    [
        (BridgeProperties, "prove", 8),  # for all time, by induction
        (ReaderProperties, "prove", 4),
    ],
    ids=["bridge", "reader"],
)
def test_rules_hold(component: Callable[[], Any], mode: str, depth: int, tmp_path: Path) -> None:
    holds, said = prove(component(), tmp_path, mode=mode, depth=depth)
    assert holds, said


@pytest.mark.slow
def test_each_case_is_reached(tmp_path: Path) -> None:
    """Assumptions that contradict each other would prove anything: answers, errors and late ones do occur."""
    holds, said = prove(BridgeProperties(), tmp_path, mode="cover", depth=16)
    assert holds, said
    assert said.count("Reached cover statement") == 3


@pytest.mark.slow
def test_a_bridge_that_waits_too_long_is_found(tmp_path: Path) -> None:
    assert "Assert failed" in refuted(BridgeProperties(patience=PATIENCE + 3), tmp_path, depth=14)


@pytest.mark.slow
def test_a_reader_that_waits_too_long_is_found(tmp_path: Path) -> None:
    assert "Assert failed" in refuted(ReaderProperties(patience=PATIENCE + 2), tmp_path, depth=14)


@pytest.mark.slow
def test_a_reader_whose_bursts_leave_a_page_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    component = ReaderProperties(words=40)
    monkeypatch.setattr(axi_reader, "BURST", 20)
    assert "Assert failed" in refuted(component, tmp_path, depth=6)


def refuted(component: Any, folder: Path, *, depth: int) -> str:
    holds, said = prove(component, folder, mode="bmc", depth=depth)
    assert not holds
    return said
