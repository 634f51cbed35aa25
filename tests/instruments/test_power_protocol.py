"""The protocol in simulated and in real time, recordings, and the command."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from power_helpers import WATTS, Board, Bus

from bsff.cli.main import main
from bsff.config import parse
from bsff.errors import PowerError
from bsff.instruments.power import STATES, Accuracy, Response, Window, estimate, files, measure, sampler
from bsff.instruments.power.ina import Ina
from bsff.instruments.power.sampler import ThreadSampler
from bsff.instruments.power.workload import MachineWorkload
from bsff.machine import Accelerator
from bsff.machine.devices.emulated import EmulatedDevice
from bsff.machine.initialise import initialise


def board(rng: np.random.Generator) -> Board:
    return Board(lambda b: Ina(Bus("ina226", lambda: b.watts), 1, 0x40, "ina226"), rng)


def test_states_take_turns(rng: np.random.Generator) -> None:
    record = board(rng).measure(repeats=4)
    order = [window.state for window in record.windows]
    assert [order[4 * k] for k in range(4)] == list(STATES)  # each comes first once
    assert all(sorted(order[4 * k : 4 * k + 4]) == sorted(STATES) for k in range(4))
    assert [window.repeat for window in record.windows] == [k for k in range(4) for _ in range(4)]
    for before, after in zip(record.windows, record.windows[1:], strict=False):
        assert after.start >= before.end + 0.2 - 1e-9  # it settles
    assert all(w.end - w.start == pytest.approx(2) for w in record.windows)


@pytest.mark.parametrize(
    "wrong", [{"repeats": 1}, {"seconds": 0}, {"settle": -1}, {"seconds": float("inf")}, {"settle": float("nan")}]
)
def test_impossible_plans_are_refused(rng: np.random.Generator, wrong: dict[str, float]) -> None:
    with pytest.raises(PowerError, match="expected finite times above 0 and 2 repeats or more"):
        board(rng).measure(**wrong)


class Steady:
    """A sensor of which a test decides what it does."""

    name, what, accuracy = "steady", "a test", Accuracy(0.01, 0.0, resolution=0.0)
    response, wraps = Response(0.005, 0.01, "a test"), None

    def __init__(self) -> None:
        self.state = "idle"
        self.fail_after = 10**9
        self.block = threading.Event()
        self.block.set()

    def read(self) -> float:
        self.block.wait(20)
        self.fail_after -= 1
        if self.fail_after < 0:
            raise PowerError("steady: unplugged")
        return WATTS[self.state]


class Quick:
    """A workload in real time."""

    states = STATES

    def __init__(self, sensor: Steady) -> None:
        self._sensor = sensor

    def run(self, state: str, seconds: float) -> int:
        self._sensor.state = state
        time.sleep(seconds)
        return int(state == "training") * 100


def test_in_real_time() -> None:
    """A thread reads while others work; the power of each state is found although the machine is busy."""
    sensor = Steady()
    record = measure(Quick(sensor), ThreadSampler(sensor, 0.005), seconds=0.2, repeats=2, settle=0.05)
    assert (np.diff(record.times) > 0).all()
    found = estimate(record, sensor.accuracy)
    for state, watts in WATTS.items():
        assert found.watts[state].value == pytest.approx(watts, rel=0.02)
    assert found.samples_per_second == pytest.approx(100 / 0.2, rel=0.3)


def test_a_sensor_unplugged_while_it_measures() -> None:
    sensor = Steady()
    sensor.fail_after = 20
    before = time.monotonic()
    with pytest.raises(PowerError, match="steady: unplugged"):
        measure(Quick(sensor), ThreadSampler(sensor, 0.005), seconds=0.1, repeats=100, settle=0.02)
    assert time.monotonic() - before < 5


def test_a_sensor_that_fails_in_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    sensor = Steady()

    def read() -> float:
        raise ValueError("no number")

    monkeypatch.setattr(sensor, "read", read)
    with pytest.raises(PowerError, match=r"steady: ValueError\('no number'\) while it was read"):
        measure(Quick(sensor), ThreadSampler(sensor, 0.005), seconds=0.1, repeats=100, settle=0.02)


def test_a_sensor_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "STOP_SECONDS", 0.1)
    sensor = Steady()
    sensor.block.clear()
    reader = ThreadSampler(sensor, 0.005)
    with pytest.raises(PowerError, match=r"steady: a reading has not come back for 0\.1 s; unplug it"):
        measure(Quick(sensor), reader, seconds=0.01, repeats=2, settle=0.0)
    sensor.block.set()
    reader._thread.join(5)
    for wrong in (0, float("nan"), float("inf")):
        with pytest.raises(PowerError, match=f"interval = {wrong} s: expected more than 0 and less than an hour"):
            ThreadSampler(sensor, wrong)


@pytest.fixture
def machine() -> Any:
    config = parse({"layer": [{"channels": 10, "kernel": 1, "padding": 0}]}, source="tiny")
    device = EmulatedDevice(config)
    with Accelerator(device, config) as accelerator:
        pixels = np.random.default_rng(1).integers(0, 256, (50, 8, 8, 1), dtype=np.uint8)
        accelerator.load(initialise(config, accelerator.geometry, pixels))
        accelerator.set_learning([True, True])
        yield accelerator, device, pixels, np.arange(50) % 10


def test_states_of_a_machine(machine: Any) -> None:
    accelerator, device, pixels, labels = machine
    work = MachineWorkload(accelerator, device, pixels, labels)
    assert work.states == STATES[1:]  # nothing here has a clock
    work.run("training", 0.2)  # compiles
    trained = [work.run("training", 0.2) for _ in range(2)][-1]
    counted = accelerator.counters()[0, 0]
    sent = work.run("traffic", 0.2)
    assert accelerator.counters()[0, 0] == counted > 0
    assert sent == pytest.approx(trained, rel=0.5)
    before = time.monotonic()
    assert work.run("idle", 0.1) == 0
    assert time.monotonic() - before >= 0.1


def test_the_clock_is_started_again(machine: Any) -> None:
    accelerator, device, pixels, labels = machine
    seen: list[str] = []
    device.stop_clock = lambda: seen.append("stop")
    device.start_clock = lambda: seen.append("start")
    work = MachineWorkload(accelerator, device, pixels, labels)
    assert work.states == STATES
    assert work.run("blank", 0.01) == 0
    assert seen == ["stop", "start"]


# ---- files


def test_a_recording_comes_back(rng: np.random.Generator, tmp_path: Path) -> None:
    record = board(rng).measure(repeats=2)
    files.save(tmp_path, record)
    again = files.load(tmp_path)
    assert again.windows == record.windows
    np.testing.assert_allclose(again.watts, record.watts, rtol=1e-5)
    one, two = estimate(record, Accuracy(0, 0)), estimate(again, Accuracy(0, 0))
    assert one.total.value == pytest.approx(two.total.value, rel=1e-4)
    rows = (tmp_path / "power.csv").read_text().splitlines()
    assert rows[0] == "seconds,watts,state,repeat"
    assert sum(row.split(",")[2] == "training" for row in rows) > 50


def test_a_meter_with_a_clock_of_its_own(rng: np.random.Generator, tmp_path: Path) -> None:
    """It starts elsewhere and runs 0.4 % fast; the markers bring it back."""
    record = board(rng).measure(repeats=3)
    start, end = record.windows[0].start, record.windows[-1].end
    times = np.arange(start - 1, end + 1, 0.05)
    marks = {int(np.argmin(abs(times - at))): "x" for at in (start, end)}
    watts = np.interp(times, record.times, record.watts)
    lines = [
        f"{(t - 50) * 1.004:.6f},{w:.6f},{marks.get(i, '')}" for i, (t, w) in enumerate(zip(times, watts, strict=True))
    ]
    path = tmp_path / "meter.csv"
    path.write_text("\n".join(["seconds,watts,marker", *lines]) + "\n")
    again = files.load_meter(path, record.windows)
    one, two = estimate(record, Accuracy(0, 0)), estimate(again, Accuracy(0, 0))
    assert two.total.value == pytest.approx(one.total.value, rel=0.005)
    assert two.dynamic.value == pytest.approx(one.dynamic.value, rel=0.05)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seconds,watts,marker\n0,1,x\n1,1,\n", "1 rows have something in the column marker, expected two"),
        ("seconds,watts,marker\n0,1,x\n1,1,x\n", "1.000 s lie between the markers, the recording took 10.000 s"),
        ("seconds,watts\n0,1\n1,banana\n", "line 3: .* expected a header with seconds and watts"),
        ("time,power\n0,1\n", "line 2: .*seconds"),
        ("seconds,watts\n1,1\n1,1\n", "expected two or more with rising times"),
        ("seconds,watts\n0,1\n1,nan\n", "finite watts"),
        ("", "0 readings"),
    ],
)
def test_wrong_files_are_explained(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "meter.csv"
    path.write_text(text)
    with pytest.raises(PowerError, match=said):
        files.load_meter(path, [Window("idle", 0, 5.0, 15.0, 0)])
    with pytest.raises(PowerError, match=r"nowhere\.csv: cannot be read"):
        files.load_meter(tmp_path / "nowhere.csv", [])
    with pytest.raises(PowerError, match="no windows of a recording"):
        files.load_windows(tmp_path)


# ---- the command

QUICK = ["--seconds", "0.1", "--repeats", "2", "--settle", "0.02", "--interval", "0.005"]


def test_without_a_sensor_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bsff.cli.power.scan", list)
    assert main(["power", "digits-small", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("power: not measured: no sensor")
    entry = json.loads((tmp_path / "power.json").read_text())
    assert entry["measured"] is None
    assert (entry["why"], entry["config"], entry["device"]) == ("no sensor", "digits-small", "emulated")
    assert main(["power", "--list"]) == 0
    assert "no sensor in hwmon, iio, powercap or NVML" in capsys.readouterr().out
    assert main(["power"]) == 2
    assert "which network?" in capsys.readouterr().err


def test_with_a_sensor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("bsff.cli.power.scan", lambda: [Steady()])
    assert main(["power", "digits-small", "--out", str(tmp_path), *QUICK]) == 0
    said = capsys.readouterr().out
    assert "above idle, mJ/sample" in said
    assert "short: a figure to publish needs windows of 10 s and 5 repeats" in said
    saved = json.loads((tmp_path / "power.json").read_text())
    assert saved["measured"]["watts"]["idle"]["value"] == pytest.approx(2.0)
    assert saved["short"] is True
    assert (tmp_path / "power.png").read_bytes().startswith(b"\x89PNG")
    assert main(["power", "--list"]) == 0
    assert "steady" in capsys.readouterr().out


def test_with_a_meter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("bsff.cli.power.scan", list)
    assert main(["power", "digits-small", "--record", "--out", str(tmp_path), *QUICK]) == 0
    assert "not measured yet: bsff power --out" in capsys.readouterr().out
    windows = files.load_windows(tmp_path)
    start, end = windows[0].start, windows[-1].end
    times = np.linspace(start, end, 400)
    watts = [
        next(WATTS[w.state] for w in windows if t <= w.end) for t in times
    ]  # a state begins where the last one ends
    rows = [
        f"{t - start:.6f},{w},{'m' if i in (0, 399) else ''}" for i, (t, w) in enumerate(zip(times, watts, strict=True))
    ]
    meter = tmp_path / "meter.csv"
    meter.write_text("\n".join(["seconds,watts,marker", *rows]))
    assert main(["power", "--meter", str(meter), "--out", str(tmp_path)]) == 2
    assert "give --accuracy GAIN,WATTS" in capsys.readouterr().err
    assert main(["power", "--meter", str(meter), "--out", str(tmp_path), "--accuracy", "much"]) == 2
    assert main(["power", "--meter", str(meter), "--out", str(tmp_path), "--accuracy", "0.01,0.02"]) == 0
    assert json.loads((tmp_path / "power.json").read_text())["measured"]["watts"]["training"]["value"] == pytest.approx(
        2.6, rel=0.01
    )


def test_a_picture_needs_matplotlib_only_if_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_: Any) -> None:
        raise ImportError("no matplotlib")

    monkeypatch.setattr("bsff.cli.power.scan", lambda: [Steady()])
    monkeypatch.setattr("bsff.cli.power.plot", missing)
    assert main(["power", "digits-small", "--out", str(tmp_path), *QUICK]) == 0
    assert "no picture: matplotlib is not installed" in capsys.readouterr().out
