"""Counters of energy: overflows, edges of windows, processors by powercap, GPUs by NVML."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bsff.errors import PowerError
from bsff.instruments.power import Accuracy, Record, Window, estimate, files, hwmon, measure, nvml, rapl, scan
from bsff.instruments.power.counter import slope, unwrap
from bsff.instruments.power.estimate import energy
from bsff.studies.power_coverage.board import Conditions, Sensor, SimulatedBoard


def test_overflows() -> None:
    rising = np.array([1.0, 5.0, 5.0, 9.0])
    np.testing.assert_array_equal(unwrap(rising, ()), rising)
    np.testing.assert_allclose(
        unwrap(np.array([98.0, 99.5, 1.0, 4.0, 98.0, 2.0]), (100.0,)), [98, 99.5, 101, 104, 198, 202]
    )
    np.testing.assert_allclose(
        unwrap(np.array([4294.0, 4294.9, 0.5]), hwmon.OVERFLOWS), [4294.0, 4294.9, 4295.4673], rtol=1e-6
    )
    for values, wraps in (([50.0, 1.0], (100.0,)), ([5.0, 4.0], ()), ([200.0, 1.0], (100.0,))):
        with pytest.raises(
            PowerError, match=r"the counter of energy fell from .* was its driver reloaded\? Measure again"
        ):
            unwrap(np.array(values), wraps)


def test_power_is_the_slope_between_changes() -> None:
    times = np.arange(0, 6, 0.5)
    joules = np.array([0, 0, 4, 4, 6, 6, 6, 6, 6, 6, 8, 8.0])
    # 2 J from 1.0 to 2.0 s, 2 J from 2.0 to 5.0 s; each shown when it is complete
    np.testing.assert_allclose(slope(times, joules), [2] * 10 + [2 / 3] * 2)
    np.testing.assert_array_equal(slope(times, np.ones(12)), np.zeros(12))


def test_a_window_counts_between_its_own_changes() -> None:
    """3 W within, 50 W around: what is counted across an edge has no say."""
    changes = np.arange(0.0, 20.0, 0.7)
    power = np.where((changes >= 5) & (changes < 15), 3.0, 50.0)
    counted = np.concatenate([[0.0], np.cumsum(power[:-1] * 0.7)])
    times = np.arange(0, 19.5, 0.05)
    joules = counted[np.searchsorted(changes, times, side="right") - 1]
    record = Record(times, slope(times, joules), [], joules)
    assert energy(record, Window("idle", 0, 5.7, 14.9, 0)) == pytest.approx(3 * 9.2, rel=0.02)
    with pytest.raises(PowerError, match=r"changed 2 times, over .* expected at least 4 changes over two thirds"):
        energy(record, Window("idle", 0, 6.0, 7.5, 0))
    with pytest.raises(PowerError, match="changed 0 times"):
        energy(Record(times, times, [], np.ones(len(times))), Window("idle", 0, 5.0, 15.0, 0))


def test_a_measurement_by_a_counter_that_overflows(rng: np.random.Generator, tmp_path: Path) -> None:
    board = SimulatedBoard(Sensor("counter", 0.1), Conditions(wander=0.0), rng, faults=False)
    stop = board.stop

    def overflowing() -> tuple[np.ndarray, np.ndarray]:
        times, joules = stop()
        return times, joules % 100.0

    board.stop, board.wraps = overflowing, (100.0,)  # type: ignore[method-assign]
    record = measure(board, board, clock=board.clock)
    found = estimate(record, Accuracy(0, 0))
    assert found.dynamic.value == pytest.approx(1e-3, rel=0.01)
    assert found.total.value == pytest.approx(3e-3, rel=0.01)
    files.save(tmp_path, record)
    again = files.load(tmp_path)
    assert again.joules is not None
    np.testing.assert_array_equal(again.joules, record.joules)
    assert estimate(again, Accuracy(0, 0)).dynamic.value == pytest.approx(found.dynamic.value, rel=1e-6)
    assert (tmp_path / "power.csv").read_text().startswith("seconds,watts,state,repeat,joules\n")


# ---- processors


def zone(root: Path, **files: Any) -> Path:
    root.mkdir(parents=True)
    for name, value in files.items():
        (root / name).write_text(f"{value}\n")
    return root


def test_a_processors_counter_knows_its_range(tmp_path: Path) -> None:
    zone(tmp_path / "intel-rapl:0", name="package-0", energy_uj=12, max_energy_range_uj=262_143_328_850)
    zone(tmp_path / "intel-rapl:1", name="package-1", energy_uj=13)
    first, second = rapl.find(tmp_path)
    assert (first.name, first.what, first.wraps) == ("rapl:package-0", "processor, package-0", (262_143.32885,))
    assert second.wraps == ()
    assert first.read() == pytest.approx(12e-6)


def test_a_counter_for_root_alone_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zone(tmp_path / "intel-rapl:0", name="package-0", energy_uj=12, max_energy_range_uj=100)
    path = tmp_path / "intel-rapl:0/energy_uj"
    if os.geteuid() == 0:  # root reads everything
        monkeypatch.setattr(
            Path, "read_text", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "Permission denied"))
        )
        sensor = rapl.RaplSensor(path.parent, "package-0")
    else:
        path.chmod(0)
        (sensor,) = rapl.find(tmp_path)
    with pytest.raises(
        PowerError, match=r"energy_uj: only root may read it; run as root, or .* sudo chmod a\+r .*energy_uj"
    ):
        sensor.read()


# ---- GPUs


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ModuleType:
    monkeypatch.setenv("BSFF_FAKE_NVML", getattr(request, "param", "energy"))
    monkeypatch.delitem(sys.modules, "fake_pynvml", raising=False)
    module = importlib.import_module("fake_pynvml")
    monkeypatch.setitem(sys.modules, "pynvml", module)
    return module


def test_a_gpus_counter_of_energy(gpu: ModuleType) -> None:
    (sensor,) = nvml.find()
    assert (sensor.name, sensor.what, sensor.wraps) == ("nvml:00000000:3b:00.0/energy", "Fake GPU", ())
    assert sensor.response == nvml.COUNTER
    before = sensor.read()
    assert before > 0
    gpu.lost = True  # type: ignore[attr-defined]
    with pytest.raises(
        PowerError, match=r"nvml:00000000:3b:00\.0/energy: NVML gives no reading \(GPU is lost\); see whether"
    ):
        sensor.read()
    assert nvml.find()[0].name.endswith("/power")


@pytest.mark.parametrize("gpu", ["power"], indirect=True)
def test_an_older_gpus_power(gpu: ModuleType) -> None:
    (sensor,) = nvml.find()
    assert (sensor.name, sensor.wraps, sensor.response) == ("nvml:00000000:3b:00.0/power", None, nvml.POWER)
    assert sensor.read() == 50.0
    assert nvml.POWER.reach > 1  # it is a mean of one second


@pytest.mark.parametrize("gpu", ["none"], indirect=True)
def test_no_driver_is_no_gpu(gpu: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert nvml.find() == []
    monkeypatch.setitem(sys.modules, "pynvml", None)  # nor the package
    assert scan(hwmon_root=tmp_path, iio_root=tmp_path, rapl_root=tmp_path) == []
