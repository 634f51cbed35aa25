"""What AXI demands is proven of the bridge and the reader by SymbiYosys, and the proofs can fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axi_properties import PATIENCE, BridgeProperties, ReaderProperties
from formal import prove

from bsff_hw.bus import reader as axi_reader


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
