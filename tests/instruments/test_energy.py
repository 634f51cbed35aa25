"""Energy: prices through the published points, operations counted by hand, columns that are never mixed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from machines import random_samples, random_state

from bsff.cli.main import main
from bsff.config import Config, parse
from bsff.contract.formats import COUNTERS
from bsff.contract.geometry import geometry
from bsff.errors import ConfigError
from bsff.instruments.energy import ALGORITHMS, Energies, count
from bsff.machine import Accelerator
from bsff.machine.devices.emulated import EmulatedDevice

TINY = {"layer": [{"channels": 10, "kernel": 3, "pool": 2}], "head": {"pool": 1}}


def counters(**values: int) -> np.ndarray:
    row = {"samples": 2, "updates": 1, "taps": 100, "update_taps": 60, **values}
    return np.array([[row.get(name, 0) for name in COUNTERS]] * 2, np.int64)


def test_prices_go_through_the_published_points() -> None:
    prices = Energies()
    assert (prices.add(8), prices.add(32)) == pytest.approx((0.03, 0.1))
    assert (prices.multiply(8, 8), prices.multiply(32, 32)) == pytest.approx((0.2, 3.1))
    assert prices.multiply(16, 16) == pytest.approx((0.2 * 3.1) ** 0.5)
    assert prices.memory(12) == pytest.approx(10 * 12 / 64)
    assert 0 < prices.add(1) < prices.add(8) < prices.add(20)


def test_operations_by_hand() -> None:
    """8 x 8 pixels, 3 x 3 kernel, padding 1: 64 positions, 9 taps, 10 channels; a head of 4 x 4 x 10 rows."""
    config = parse(TINY, source="tiny")
    shape = geometry(config)
    found = count(shape, counters(), "bgbsff").operations
    assert found["forward additions"][0] == 50 * 10 + 50 * 10
    assert found["memory, weights forward"] == (1000, pytest.approx(10 * 12 / 64))
    assert found["update additions"] == (30 * 10, pytest.approx(0.03))
    assert found["update multiplications"] == (0.5 * 90, pytest.approx(Energies().multiply(12, 8)))
    assert found["memory, weights updated"][0] == 2 * 0.5 * 90 + 2 * 30 * 10
    assert found["p-bits (an addition and a comparison)"][0] == 64 * shape.layers[0].draws
    real = count(shape, counters(), "real forward-forward").operations
    assert real["multiply-adds (float)"] == (2 * 64 * 9 * 10 + 2 * 160 * 10, pytest.approx(4.6))
    back = count(shape, counters(), "backpropagation").operations
    assert back["multiply-adds (float)"][0] == 2 * 64 * 9 * 10 + 3 * 160 * 10  # no gradient of the pixels
    assert count(shape, counters(), "bsff").operations["update additions"][1] == pytest.approx(0.9)
    deep = geometry(
        parse({**TINY, "layer": [*TINY["layer"], {"channels": 20, "kernel": 1, "padding": 0}]}, source="deep")
    )
    both = count(deep, np.vstack([counters(), counters()[:1]]), "backpropagation").operations
    assert both["multiply-adds (float)"][0] == 2 * 64 * 9 * 10 + 3 * 16 * 10 * 20 + 3 * 320 * 10


def test_sums() -> None:
    counts = count(geometry(parse(TINY, source="tiny")), counters(), "bgbsff")
    by_hand = sum(number * each for number, each in counts.operations.values())
    assert counts.picojoules == pytest.approx(by_hand)
    assert 0 < counts.memory < counts.picojoules
    double = count(geometry(parse(TINY, source="tiny")), counters(), "bgbsff", Energies(memory_64=20.0))
    assert double.picojoules - counts.picojoules == pytest.approx(counts.memory)


def test_a_gated_sample_costs_no_update() -> None:
    shape = geometry(parse(TINY, source="tiny"))
    found = count(shape, counters(updates=0, update_taps=0), "bgbsff").operations
    assert {kind for kind, (number, _) in found.items() if number} == {
        "forward additions", "memory, weights forward", "p-bits (an addition and a comparison)",
    }  # fmt: skip


def test_the_machines_own_counters(rng: np.random.Generator) -> None:
    config = parse(TINY, source="tiny")
    shape = geometry(config)
    pixels, labels = random_samples(shape, rng, 40)
    with Accelerator(EmulatedDevice(config), config) as machine:
        machine.load(random_state(shape, rng))
        with pytest.raises(ConfigError, match="the counters have seen no sample"):
            count(shape, machine.counters(), "bgbsff")
        machine.present(pixels, labels, learn=True)
        joules = {name: count(shape, machine.counters(), name).picojoules for name in ALGORITHMS}
    assert joules["bgbsff"] < joules["bsff"] < joules["backpropagation"]
    assert joules["real forward-forward"] < joules["backpropagation"]
    with pytest.raises(ConfigError, match="algorithm 'magic': expected one of bgbsff, bsff"):
        count(shape, counters(), "magic")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, power = tmp_path / "run", tmp_path / "power"
    assert main(["train", "digits-small", "--samples", "30", "--out", str(run)]) == 0
    capsys.readouterr()
    assert main(["energy", str(run), "--samples", "20"]) == 0
    said = capsys.readouterr().out
    assert "measured: not measured" in said
    assert "activity: not counted; --toggles N counts it" in said
    assert all(name in said for name in ALGORITHMS)
    saved = json.loads((run / "energy.json").read_text())
    assert saved["measured"] is saved["toggles"] is None
    assert saved["counted_picojoules"]["bgbsff"] > 0
    assert main(["energy", str(run), "--power", str(power)]) == 2
    assert "record with `bsff power" in capsys.readouterr().err
    power.mkdir()
    (power / "power.json").write_text('{"measured": null, "why": "no sensor"}')
    assert main(["energy", str(run), "--samples", "5", "--power", str(power)]) == 0
    assert "measured: not measured" in capsys.readouterr().out
    (power / "power.json").write_text('{"measured": {"dynamic": {"banana": 1}}, "sensor": "x"}')
    assert main(["energy", str(run), "--power", str(power)]) == 2
    assert "banana" in capsys.readouterr().err
    interval = {"value": 1.25e-4, "spread": 3e-6, "sensor": 4e-6}
    (power / "power.json").write_text(json.dumps({"measured": {"dynamic": interval}, "sensor": "ina226"}))
    assert main(["energy", str(run), "--samples", "5", "--power", str(power)]) == 0
    said = capsys.readouterr().out
    assert "125 +- 5 above idle" in said
    assert "measured: by ina226" in said
    assert main(["energy", str(run), "--samples", "0"]) == 2


class Counting(EmulatedDevice):
    """A device in which a sample changes 1,000 bits."""

    def __init__(self, config: Config, *, toggles: bool) -> None:
        assert toggles
        super().__init__(config)

    def toggles(self) -> int:
        return 77 + 1000 * self._samples


def test_activity_is_counted_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bsff_hw.simulation.RtlDevice", Counting)
    run = tmp_path / "run"
    assert main(["train", "digits-small", "--samples", "30", "--out", str(run)]) == 0
    assert main(["energy", str(run), "--samples", "20", "--toggles", "5"]) == 0
    said = capsys.readouterr().out
    assert "1,000 toggles" in said
    assert "it stays a number of changes" in said
    assert json.loads((run / "energy.json").read_text())["toggles"] == 1000
