"""The committed tables of what machines take: made again where that is quick, and within what they claim."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from bsff.cli import main
from bsff.config import load
from bsff_hw.simulation.generate import generate
from bsff_hw.synthesis.summary import command
from bsff_hw.targets import TARGETS

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs" / "results" / "synthesis"
ROUTED = "digits-tiny-ecp5-85k"
SERIAL = "digits-tiny-serial-ecp5-85k"
WHOLE = ["digits-small-xc7z020", ROUTED, SERIAL]
QUICK = "digits-tiny-layer1-ecp5-85k"


def record(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def test_the_page_is_that_of_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth-table", str(FOLDER)]) == 0
    assert capsys.readouterr().out == (FOLDER.parent / "synthesis.md").read_text(), "run `make synthesis-table`"


def test_a_folder_without_reports_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth-table", str(tmp_path)]) == 2
    assert "no reports (*.json) there; make them with `bsff synth" in capsys.readouterr().err


def test_a_network_of_ones_own_is_shown_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page needs nothing but the record: no network of that name is built in."""
    (tmp_path / "mine.json").write_text(json.dumps(record(QUICK) | {"config": "mine"}))
    assert main(["synth-table", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "    bsff synth mine --target" in shown
    assert "LUT a p-bit, generator and noise included: layer1" in shown


@pytest.mark.parametrize("name", WHOLE)
def test_the_design_is_the_one_that_was_counted(name: str) -> None:
    kept = record(name)
    config, family = load(kept["config"]), TARGETS[kept["target"]].family
    serial_hz = kept["frequency_mhz"] * 1e6 if kept.get("serial") else None
    text = generate(config, reader=kept["reader"], serial_hz=serial_hz, primitives=family)
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == kept["verilog_sha256"], f"{name}.json is not of this design: run `make synthesis`"


@pytest.mark.long
def test_a_fresh_run_counts_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The counts are equal, or near with other tools; of one layer of the smallest machine."""
    kept = record(QUICK)
    out = tmp_path / "fresh.json"
    assert main([*command(kept).split()[1:], "--no-route", "--json", str(out)]) == 0
    capsys.readouterr()
    fresh = json.loads(out.read_text())
    if fresh["tools"][0] == kept["tools"][0]:
        assert fresh["totals"] == kept["totals"]
    for resource, count in kept["totals"].items():
        assert fresh["totals"][resource] == pytest.approx(count, rel=0.1), resource


def test_memories_are_block_ram_where_meant() -> None:
    """Of the base network: weights of layers 3 and 4 wholly, 512 rows of 36 bits in each half block RAM."""
    components = record("mnist-xc7z020")["components"]
    blocks = {path: counts.get("BRAM36", 0) for path, counts in components.items()}
    assert (
        sum(n for path, n in blocks.items() if path.endswith("layer3.forward.accumulate.memory")) == 3 * 34 / 2
    )  # 1,200 bits
    assert (
        sum(n for path, n in blocks.items() if path.endswith("layer4.forward.accumulate.memory")) == 5 * 15 / 2
    )  # 528 bits


@pytest.mark.parametrize(
    "name", ["mnist-xc7z020", "mnist-pynq-xc7z020", "fashion-pynq-xc7z020", "cifar10-pynq-xc7z020"]
)
def test_what_is_said_to_fit_fits(name: str) -> None:
    kept = record(name)
    assert kept["fits"]
    assert kept["totals"]["LUT"] <= 45_000
    assert kept["totals"]["BRAM36"] <= 135
    assert kept["totals"]["DSP"] <= 220


def test_a_small_machine_is_placed_and_routed_on_an_ecp5() -> None:
    """At half of the clock that it asks for; see decision 040 for what it reached before."""
    kept = record(ROUTED)
    assert kept["fits"]
    assert kept["timing"]["fmax_mhz"] >= 50
