"""`bsff power` as a process: which sensor, windows that fit it, permissions, processors, GPUs, one table."""

from __future__ import annotations

import json
import os
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from command_lines import assert_sentence, bsff
from power_helpers import WATTS

from bsff.cli import power_show
from bsff.cli.main import main
from bsff.instruments.power import Accuracy

SUPPORT = Path(__file__).parents[1] / "support"
QUICK = ["--seconds", "0.4", "--repeats", "2", "--settle", "0.3", "--interval", "0.005"]
TREE = """
import functools, pathlib
import bsff.cli.power as command
root = pathlib.Path({root!r})
command.scan = functools.partial(command.scan, hwmon_root=root / "hwmon", iio_root=root / "iio", rapl_root=root / "rapl")
"""
COUNTING = """
import os, threading, time
def count():
    path = root / "rapl/intel-rapl:0/energy_uj"
    while True:
        part = path.with_name("part")
        part.write_text(str((190_000_000 + int(time.monotonic() * 30e6)) % 200_000_000))
        os.replace(part, path)
        time.sleep(0.002)
threading.Thread(target=count, daemon=True).start()
time.sleep(0.05)
"""
"""30 W of a processor whose counter overflows every 6.7 s."""
GPU = f"import sys; sys.path.insert(0, {str(SUPPORT)!r}); import fake_pynvml; sys.modules['pynvml'] = fake_pynvml\n"
NO_GPU = "import sys; sys.modules['pynvml'] = None\n"


def chip(root: Path, **files: Any) -> None:
    root.mkdir(parents=True)
    for name, value in files.items():
        (root / name).write_text(f"{value}\n")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    chip(tmp_path / "sys/hwmon/hwmon0", name="ina226", power1_input=2_000_000, update_interval=16884)
    return tmp_path / "sys"


def power(tree: Path, *words: object, before: str = NO_GPU) -> Any:
    return bsff(["power", *words], tree.parent, TREE.format(root=str(tree)) + before)


def test_several_sensors_ask(tree: Path) -> None:
    chip(tree / "rapl/intel-rapl:0", name="package-0", energy_uj=5, max_energy_range_uj=100)
    done = power(tree, "digits-small")
    assert done.returncode == 2
    assert_sentence(done.stderr)
    assert "which of 2 sensors?" in done.stderr
    assert "hwmon:ina226/power1, rapl:package-0" in done.stderr
    listed = power(tree, "--list", before=GPU).stdout.splitlines()
    assert [line.split()[0] for line in listed] == [
        "hwmon:ina226/power1",
        "rapl:package-0",
        "nvml:00000000:3b:00.0/energy",
    ]
    assert listed[0].endswith("18.6 s     2.000 W")
    assert listed[2].endswith(" J")


def test_windows_too_short_for_the_sensor_are_refused(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = power(tree, "digits-small", *QUICK)
    assert done.returncode == 2
    assert_sentence(done.stderr)
    assert "--seconds 0.4: hwmon:ina226/power1 has a new value every 18.6 s and looks back 37.1 s" in done.stderr
    assert "(update_interval 16884 ms), so at least 37.1 s are expected; leave the option out" in done.stderr
    for wrong in ("0", "-1", "nan", "inf"):
        assert main(["power", "digits-small", "--averaging", wrong]) == 2
        assert f"--averaging {wrong}: expected the seconds over which" in capsys.readouterr().err


def test_a_processor_is_measured_by_its_own_counter(tmp_path: Path) -> None:
    root = tmp_path / "sys"
    chip(root / "rapl/intel-rapl:0", name="package-0", energy_uj=5, max_energy_range_uj=200_000_000)
    done = power(root, "digits-small", *QUICK, "--out", "golden", before=NO_GPU + COUNTING)
    assert done.returncode == 0, done.stderr
    entry = json.loads((tmp_path / "golden/power.json").read_text())
    assert (entry["workload"], entry["device"], entry["config"]) == ("machine", "emulated", "digits-small")
    assert entry["sensor"] == "rapl:package-0 (processor, package-0)"
    assert entry["measured"]["watts"]["training"]["value"] == pytest.approx(30, rel=0.1)
    assert entry["measured"]["total"]["value"] * entry["measured"]["samples_per_second"] == pytest.approx(30, rel=0.1)
    assert "joules" in (tmp_path / "golden/power.csv").read_text().splitlines()[0]


@pytest.mark.long
def test_a_float_training_is_measured_the_same_way(tmp_path: Path) -> None:
    variant = "backpropagation"
    words = [
        "digits-small",
        "--workload",
        "reference",
        "--variant",
        variant,
        "--batch",
        "20",
        *QUICK,
        "--seconds",
        "0.9",
        "--out",
        variant,
    ]
    done = power(tmp_path / "sys", *words, before=GPU)
    assert done.returncode == 0, done.stderr
    entry = json.loads((tmp_path / variant / "power.json").read_text())
    assert (entry["workload"], entry["device"], entry["variant"], entry["batch"]) == ("reference", "cpu", variant, 20)
    assert entry["sensor"] == "nvml:00000000:3b:00.0/energy (Fake GPU)"
    assert entry["measured"]["watts"]["idle"]["value"] == pytest.approx(50, rel=0.15)
    assert entry["measured"]["samples_per_second"] > 100
    done = power(tmp_path / "sys", "--table", variant)
    assert f"| PyTorch, {variant}, cpu, batch 20 | digits-small |" in done.stdout


def test_without_a_gpu_or_a_counter_it_says_so(tmp_path: Path) -> None:
    for device in ("cpu", "emulated"):
        words = ["digits-small", "--workload", "machine" if device == "emulated" else "reference", "--out", device]
        done = power(tmp_path / "sys", *words)
        assert done.returncode == 0
        assert done.stdout.startswith("power: not measured: no sensor in hwmon, iio, powercap or NVML")
    table = power(tmp_path / "sys", "--table", "cpu", "emulated").stdout
    assert table.count("not measured | not measured | not measured | not measured |") == 2
    assert "| golden model, emulated | digits-small |" in table
    (tmp_path / "sys").mkdir()
    chip(tmp_path / "sys/rapl/intel-rapl:0", name="package-0", energy_uj=5, max_energy_range_uj=100)
    done = power(tmp_path / "sys", "digits-small", "--workload", "reference", "--device", "cuda")
    assert done.returncode == 2
    assert_sentence(done.stderr)
    assert "--device cuda: PyTorch sees no GPU" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="takes the rights of another user")
def test_a_counter_for_root_alone(tmp_path: Path) -> None:
    chip(tmp_path / "sys/rapl/intel-rapl:0", name="package-0", energy_uj=5, max_energy_range_uj=100)
    path = tmp_path / "sys/rapl/intel-rapl:0/energy_uj"
    refuse = """
class Locked(type(root)):
    def read_text(self, *a, **k):
        if self.name == "energy_uj":
            raise PermissionError(13, "Permission denied", str(self))
        return super().read_text(*a, **k)
command.scan = functools.partial(command.scan.func, hwmon_root=root, iio_root=root, rapl_root=Locked(root / "rapl"))
"""
    done = power(tmp_path / "sys", "digits-small", before=NO_GPU + refuse)
    assert done.returncode == 2
    assert_sentence(done.stderr)
    assert f"{path}: only root may read it; run as root" in done.stderr
    assert done.stdout == ""  # it is said before anything is made


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--workload", "reference", "--device", "pynq"],
            "--device pynq: expected one of cpu, cuda with --workload reference",
        ),
        (["--device", "cuda"], "--workload machine; choose one, or --workload reference"),
        (
            ["--workload", "reference", "--batch", "0", "--record"],
            "--batch 0: expected 1 to 1437, the training samples",
        ),
    ],
)
def test_devices_of_the_other_workload(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["power", "digits-small", "--out", str(tmp_path), *words]) == 2
    assert said in capsys.readouterr().err


# ---- one table

ENTRY = {
    "measured": {
        "watts": {"idle": {"value": 2.0, "spread": 0.03, "sensor": 0.04}},
        "samples_per_second": 12345.6,
        "total": {"value": 2.5e-3, "spread": 3e-5, "sensor": 4e-5},
        "dynamic": {"value": 1e-3, "spread": 3e-5, "sensor": 4e-5, "lag": 1e-5},
    },
    "sensor": "ina226:1/0x40 (x)", "short": False, "config": "digits", "device": "pynq", "workload": "machine", "machine": "ARMv7",
}  # fmt: skip


def test_a_table_holds_what_was_measured(tmp_path: Path) -> None:
    for name, entry in (
        ("board", ENTRY),
        ("none", {**ENTRY, "measured": None, "why": "no sensor", "device": "emulated"}),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "power.json").write_text(json.dumps(entry))
    head, _, board, none = power_show.comparison([tmp_path / "board", tmp_path / "none"]).splitlines()
    assert "counted" not in head
    assert board == (
        "| machine, pynq | digits | ARMv7 | ina226:1/0x40 (x) | 12,346 | 2 ± 0.05 | 2.5 ± 0.05 | 1 ± 0.06 |"
    )
    assert none.endswith("| ARMv7 | no sensor | not measured | not measured | not measured | not measured |")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"measured": {}, "device": "x", "sensor": "y"}', '{"measured": 3, "device": "x"}']
)
def test_a_table_of_something_else(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "power.json").write_text(text)
    assert main(["power", "--table", str(tmp_path)]) == 2
    assert "power.json: holds no result (" in capsys.readouterr().err


# ---- a sensor that does not say how quickly it answers


class Silent:
    """It shows the power of 0.1 s ago."""

    name, what, accuracy, response, wraps = "silent", "a test", Accuracy(0.01, 0.0, resolution=0.0), None, None

    def __init__(self) -> None:
        self.begun = [(0.0, "idle")]

    def read(self) -> float:
        then = time.monotonic() - 0.1
        return WATTS[next(state for begin, state in reversed(self.begun) if begin <= then)]


@pytest.mark.long
def test_it_is_tried_out_and_the_windows_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sensor = Silent()

    def run(_: object, state: str, seconds: float) -> int:
        sensor.begun.append((time.monotonic(), state))
        time.sleep(seconds)
        return round(1000 * seconds) if state in ("training", "traffic") else 0

    monkeypatch.setattr("bsff.cli.power_work.MachineWorkload.run", run)
    monkeypatch.setattr("bsff.cli.power.scan", lambda: [sensor])
    monkeypatch.setattr(import_module("bsff.instruments.power.probe"), "LENGTHS", (0.5, 1.0))
    words = [
        "power",
        "digits-small",
        "--repeats",
        "2",
        "--interval",
        "0.005",
        "--seconds",
        "0.6",
        "--out",
        str(tmp_path),
    ]
    assert main([*words, "--settle", "0.05"]) == 2
    said = capsys.readouterr()
    assert "silent does not say how quickly it answers; trying it out, 2 s" in said.out
    assert "--settle 0.05: silent has a new value every" in said.err
    assert "(tried out), so at least 0." in said.err
    assert main([*words, "--settle", "0.5"]) == 0
    entry = json.loads((tmp_path / "power.json").read_text())
    assert 0.1 <= entry["response"]["reach"] <= 0.45
    assert entry["response"]["source"] == "tried out"
    assert 0 < entry["remains"] < 0.02
    dynamic = entry["measured"]["dynamic"]
    assert dynamic["value"] == pytest.approx(0.6e-3, rel=0.02)
    assert dynamic["lag"] > 0
    capsys.readouterr()
    assert main([*words, "--settle", "0.2", "--averaging", "0.1"]) == 0  # the user knows better
    assert "trying it out" not in capsys.readouterr().out
    entry = json.loads((tmp_path / "power.json").read_text())
    assert (entry["response"]["source"], entry["remains"]) == ("--averaging 0.1", 0)


def test_a_recording_for_a_slow_meter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bsff.cli.power_work.MachineWorkload.run", lambda *_: 0)
    words = ["power", "digits-small", "--record", "--repeats", "2", "--out", str(tmp_path)]
    assert main([*words, "--averaging", "3"]) == 0
    assert "the meter: a new value every 3 s (--averaging 3), so windows of 10 s after 6 s" in capsys.readouterr().out
