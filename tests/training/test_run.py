"""Runs: stop and resume to the same bits, checkpoints that survive, comparison, the command line, the files of a run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_lines import start
from machines import random_state, unequal

from bsff.cli import main
from bsff.config import load, override, parse
from bsff.config.schedule import share, spans
from bsff.contract.geometry import geometry
from bsff.errors import CheckpointError
from bsff.golden.state import blank
from bsff.machine import Accelerator, checkpoint
from bsff.machine.checkpoint import Progress
from bsff.machine.diff import differences
from bsff.tools import files
from bsff.training.run import RunDirectory
from bsff.training.train import order


def bsff(*arguments: object) -> int:
    return main([str(a) for a in arguments])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of ``digits-small``."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    assert bsff("train", "digits-small", "--out", out) == 0
    return out


# ---- resume


def test_stopped_and_resumed_equals_uninterrupted(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stops within an interval, at an interval, within the second epoch; then to the end."""
    out = tmp_path / "parts"
    assert bsff("train", "digits-small", "--out", out, "--samples", 123) == 0
    assert "go on with: bsff train --resume --out" in capsys.readouterr().out
    for limit in (200, 1500, 1501):
        assert bsff("train", "--resume", "--out", out, "--samples", limit) == 0
        assert RunDirectory(out).load()[2].presentations == limit
    assert bsff("diff", whole, out) == 1
    assert bsff("train", "--resume", "--out", out) == 0
    capsys.readouterr()
    assert bsff("diff", whole, out) == 0
    assert "equal: all" in capsys.readouterr().out
    one, two = (RunDirectory(path).metrics() for path in (whole, out))
    assert one["final"]["test_accuracy"] == two["final"]["test_accuracy"]
    assert one["final"]["confusion"] == two["final"]["confusion"]
    for a, b in zip(one["epochs"], two["epochs"], strict=True):
        assert a["train"] == b["train"]
        assert a["test"] == b["test"]


def test_moved_and_mirrored_images_go_on_to_the_bit(tmp_path: Path) -> None:
    settings = ("--set", "training.shift=1", "--set", "training.flip=true")
    assert bsff("train", "digits-small", "--out", tmp_path / "whole", "--samples", 1600, *settings) == 0
    assert bsff("train", "digits-small", "--out", tmp_path / "parts", "--samples", 123, *settings) == 0
    for limit in (1500, 1600):
        assert bsff("train", "--resume", "--out", tmp_path / "parts", "--samples", limit) == 0
    states = [RunDirectory(tmp_path / name).load()[1] for name in ("whole", "parts")]
    assert unequal(*states) == []


def test_seed_changes_the_run(whole: Path, tmp_path: Path) -> None:
    assert bsff("train", "digits-small", "--out", tmp_path / "other", "--seed", 7) == 0
    assert bsff("diff", whole, tmp_path / "other") == 1


@pytest.mark.slow
def test_ctrl_c_saves_and_says_how_to_resume(tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = start(["train", "digits-small", "--epochs", 5000, "--out", out], tmp_path, bufsize=1)
    assert process.stdout is not None
    first = process.stdout.readline()  # the first epoch is over: it is training
    assert first.startswith("epoch 1: test layer1")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert f"go on with: bsff train --resume --out {out}" in errors
    _, state, progress = RunDirectory(out).load()
    assert progress.presentations >= 1437
    again = tmp_path / "again"  # the same number of presentations without an interruption
    assert bsff("train", "digits-small", "--epochs", 5000, "--out", again, "--samples", progress.presentations) == 0
    assert unequal(state, RunDirectory(again).load()[1]) == []


# ---- files of a run


def test_a_run_directory_holds_everything(whole: Path) -> None:
    names = {p.name for p in whole.iterdir()}
    assert {"config.toml", "config.json", "metrics.json", "checkpoint.npz", "tensorboard", "learning_curve.png",
            "firing_rates.png", "confusion.png", "first_layer.png"} == names  # fmt: skip
    metrics = RunDirectory(whole).metrics()
    final = metrics["final"]
    assert final["test_accuracy"] == final["test_accuracy_head"]
    assert final["test_accuracy_goodness"] == final["test_accuracy_layers"][-1]
    assert np.sum(final["confusion"]) == final["test_samples"] == 360
    assert np.trace(final["confusion"]) / 360 == pytest.approx(final["test_accuracy"])
    assert final["samples_per_second"] > 0
    assert metrics["seed"] == 0
    assert {"python", "numpy", "numba", "bsff"} <= set(metrics["versions"])
    assert len(metrics["epochs"]) == load("digits-small").training.epochs
    assert final["test_accuracy"] > 0.5  # ten classes: chance is 0.1
    for picture in whole.glob("*.png"):
        assert picture.read_bytes()[:4] == b"\x89PNG"


def test_tensorboard_reads_the_logs(whole: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = EventAccumulator(str(whole / "tensorboard"))
    log.Reload()
    metrics = RunDirectory(whole).metrics()
    values = [e.value for e in log.Scalars("test_accuracy/head")]
    assert values == pytest.approx([e["test"]["head"] for e in metrics["epochs"]])


def test_eval_finds_the_same_accuracy_and_leaves_the_checkpoint(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = RunDirectory(whole).metrics()["final"]
    raw = (whole / "checkpoint.npz").read_bytes()
    assert bsff("eval", whole) == 0
    assert RunDirectory(whole).metrics()["final"]["confusion"] == before["confusion"]
    assert (whole / "checkpoint.npz").read_bytes() == raw
    assert bsff("eval", whole, "--draws", 2) == 0
    assert "2 draws each" in capsys.readouterr().out
    assert bsff("eval", whole) == 0


def test_nothing_saved_is_overwritten(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                      capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    assert bsff("train", "digits-small", "--out", whole) == 2
    assert "already holds a run; go on with --resume, or give another --out" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert bsff("train", "digits-small", "--samples", 10) == 0
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == ["digits-small", "digits-small-2"]
    assert bsff("train", "digits-small", "--resume", "--samples", 20) == 0
    assert RunDirectory(tmp_path / "runs" / "digits-small-2").load()[2].presentations == 20


# ---- checkpoints


def test_a_crash_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write_text(path, "old")

    def crash(file: object) -> None:
        file.write(b"half of the n")  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write_atomic(path, crash)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_the_name_is_taken_in_one_step_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    files.write_text(path, "old")

    def refuse(*_: object) -> None:
        raise OSError("disk gone")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk gone"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_power_lost_while_writing_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    """A process that does nothing but save is killed at random moments."""
    code = (
        "import sys; from pathlib import Path; from bsff.machine import checkpoint; from bsff.machine.checkpoint import Progress\n"
        "from bsff.config import load; from bsff.contract.geometry import geometry; from bsff.golden.state import blank\n"
        "c = load('digits-small'); s = blank(geometry(c)); n = 0\n"
        "while True:\n"
        "    n += 1; s.layers[0].bias[:] = n; checkpoint.save(Path(sys.argv[1]), c, s, Progress(n)); print(n, flush=True)\n"
    )
    path = tmp_path / "checkpoint.npz"
    for kill in range(3):
        with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(3):
                process.stdout.readline()
            time.sleep(0.0017 * kill)
            process.kill()
        state, progress = checkpoint.load(path, load("digits-small"))
        assert progress.presentations >= 3
        assert (state.layers[0].bias == progress.presentations).all()


def test_bad_checkpoints_are_explained(tmp_path: Path) -> None:
    config = load("digits-small")
    path = tmp_path / "checkpoint.npz"
    with pytest.raises(CheckpointError, match="no checkpoint there; train first"):
        checkpoint.load(path, config)
    checkpoint.save(path, config, blank(geometry(config)), Progress())
    with pytest.raises(CheckpointError, match="written by another network"):
        checkpoint.load(path, load("digits"))
    raw = path.read_bytes()
    for damaged in (raw[: len(raw) // 2], b"", b"nonsense", raw[:200] + bytes(40) + raw[240:]):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="not a checkpoint, or damaged"):
            checkpoint.load(path, config)


def test_save_and_load_give_the_same_state(tmp_path: Path, rng: np.random.Generator) -> None:
    config = load("digits-small")
    state = random_state(geometry(config), rng)
    checkpoint.save(tmp_path / "c.npz", config, state, Progress(17, [{"epoch": 1}], {"seconds": 0.5}))
    found, progress = checkpoint.load(tmp_path / "c.npz", config)
    assert unequal(state, found) == []
    assert progress == Progress(17, [{"epoch": 1}], {"seconds": 0.5})


def test_a_checkpoint_of_version_1_is_read(tmp_path: Path, rng: np.random.Generator) -> None:
    """Every array had a leading axis for machines that were trained side by side, of which there was one."""
    config = load("digits-small")
    state = random_state(geometry(config), rng)
    path = tmp_path / "c.npz"
    checkpoint.save(path, config, state, Progress(17))
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    meta = json.loads(arrays.pop("meta").tobytes())
    assert meta["version"] == checkpoint.VERSION == 2

    def write(version: int, lead: int) -> None:
        old = {name: np.repeat(array[None], lead, 0) for name, array in arrays.items()}
        np.savez(path, **old, meta=np.frombuffer(json.dumps({**meta, "version": version}).encode(), np.uint8))

    write(1, 1)
    found, progress = checkpoint.load(path, config)
    assert unequal(state, found) == []
    assert progress.presentations == 17
    write(1, 2)
    with pytest.raises(CheckpointError, match=r"encoder.stream has shape \(2,\), expected \(\)"):
        checkpoint.load(path, config)
    write(3, 1)
    with pytest.raises(CheckpointError, match="checkpoint version 3, this program reads 1 and 2"):
        checkpoint.load(path, config)


# ---- diff


def test_a_flipped_bit_is_named(rng: np.random.Generator) -> None:
    shape = geometry(load("digits-small"))
    state = random_state(shape, rng)
    other = state.copy()
    assert differences(state, other, shape) == (0, [])
    other.layers[1].weights[0, 25, 3] ^= 1 << 4
    count, lines = differences(state, other, shape)
    own = shape.layers[1].inputs[2]
    assert count == 1
    assert lines[0].startswith(f"layer2.weights tap 25 (row 0, column {25 // own}, input {25 % own}), channel 3: ")
    assert lines[0].endswith("(bits 4)")
    other.encoder[...] ^= np.uint64(1 << 63)
    other.head.bias[9] += 1
    count, lines = differences(state, other, shape, most=2)
    assert count == 3
    assert lines[0].startswith("encoder.stream")
    assert lines[0].endswith("(bits 63)")
    assert len(lines) == 2


def test_diff_of_different_networks_is_refused(whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bsff("train", "digits", "--out", tmp_path / "d", "--samples", 1) == 0
    assert bsff("diff", whole, tmp_path / "d") == 2
    assert "hold different networks (digits-small, digits)" in capsys.readouterr().err


# ---- schedule


def test_steps_fall_linearly_within_a_parts_epochs() -> None:
    config = load("digits-small").to_dict()
    config["training"]["epochs"] = 10
    config["layer"][0].update(step=0.4, start_epoch=0, stop_epoch=4)
    config["layer"][1].update(step=0.4, start_epoch=2, stop_epoch=0)
    from bsff.config import parse

    chosen = parse(config)
    first, second = list(spans(chosen).values())[:2]
    assert [share("linear", first, e) for e in (0, 1, 3, 4)] == pytest.approx([1.0, 0.75, 0.25, 0.0])
    assert [share("linear", second, e) for e in (1.9, 2, 6, 9.5)] == pytest.approx([0.0, 1.0, 0.5, 0.0625])
    assert [share("constant", second, e) for e in (1.9, 2, 9.5, 10)] == [0.0, 1.0, 1.0, 0.0]


def test_staggered_layers_stop_one_after_another_and_the_head_goes_on() -> None:
    layers = [{"channels": 10}] * 3
    training = {"schedule": "staggered", "epochs": 12}

    def found(**more: Any) -> list[tuple[int, int]]:
        table = {"layer": layers, "training": training, **more}
        return [(span.start, span.stop) for span in spans(parse(table)).values()]

    assert found() == [(0, 7), (0, 8), (0, 9), (9, 12)]
    assert found(head={"start_epoch": 2, "stop_epoch": 11}) == [(0, 7), (0, 8), (0, 9), (2, 11)]
    assert found(layer=[{"channels": 10, "stop_epoch": 11}]) == [(0, 11), (11, 12)]
    assert found(layer=[{"channels": 10, "start_epoch": 10}]) == [(10, 11), (11, 12)]
    assert found(head={"stop_epoch": 6}) == [(0, 7), (0, 8), (0, 9), (5, 6)]
    assert found(training={"schedule": "staggered", "epochs": 2}) == [(0, 1), (0, 1), (0, 1), (1, 2)]
    assert found(training={"schedule": "staggered", "epochs": 1}) == [(0, 1)] * 4
    assert found(training={"epochs": 12}) == [(0, 12)] * 4


def test_staggered_termination_freezes_the_first_layer(tmp_path: Path) -> None:
    """Layer 1 stops after one epoch: its memory is that of a run of one epoch, that of layer 2 is not."""
    source = load("digits-small").to_dict()
    source["training"]["epochs"] = 2
    source["layer"][0]["stop_epoch"] = 1
    path = tmp_path / "stagger.json"
    path.write_text(json.dumps(source))
    assert bsff("train", path, "--out", tmp_path / "one", "--samples", 1437) == 0
    assert bsff("train", path, "--out", tmp_path / "two") == 0
    one, two = (RunDirectory(tmp_path / name).load()[1] for name in ("one", "two"))
    changed = unequal(one, two)
    assert not {"layer1.weights", "layer1.bias", "layer1.mean", "layer1.rounding"} & set(changed)
    assert {"layer2.weights", "layer2.bias", "head.weights"} <= set(changed)


def test_order_depends_on_seed_and_epoch() -> None:
    config = load("digits-small")
    assert sorted(order(config, 0, 50)) == list(range(50))
    assert (order(config, 0, 50) == order(config, 0, 50)).all()
    assert (order(config, 0, 50) != order(config, 1, 50)).any()
    assert (order(config, 0, 50) != order(override(config, ["training.seed=9"]), 0, 50)).any()


# ---- command line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "no configuration given: name one of `bsff config list`"),
        (["train", "nonsense"], "nonsense: no such configuration; built in are"),
        (
            ["train", "digits", "--set", "layer[2].firing=0.01"],
            "digits: layer[2].firing = 0.01: expected 0, or more than 0.03125",
        ),
        (["train", "digits", "--samples", "-1"], "--samples -1: expected 0 or more"),
        (["train", "digits", "--epochs", "0", "--out", "x"], "digits: training.epochs = 0: expected a whole number"),
        (["train", "--resume"], "--resume: name the run by --out DIR"),
        (["train", "--resume", "--out", "nowhere"], "nowhere: no run there (no config.json)"),
        (["eval", "nowhere"], "nowhere: no run there (no config.json)"),
        (["config", "check", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["train", "mnist-small", "--data", "/nowhere", "--out", "y"], "nowhere"),
    ],
)
def test_errors_are_one_sentence_and_status_2(arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                              capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert bsff(*arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("bsff: ")
    assert message in error
    assert "Traceback" not in error


def test_changed_epochs_on_resume_are_refused(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bsff("train", "--resume", "--out", whole, "--epochs", 99) == 2
    assert "which fixes its schedule" in capsys.readouterr().err


def test_config_and_registers_print(capsys: pytest.CaptureFixture[str]) -> None:
    assert bsff("config", "list") == 0
    assert "mnist-small" in capsys.readouterr().out
    assert bsff("config", "check", "mnist") == 0
    assert "278,100 weights in the layers" in capsys.readouterr().out
    assert bsff("config", "show", "digits") == 0
    assert "eligibility" in capsys.readouterr().out
    assert bsff("registers") == 0
    assert "| 0x000 | MAGIC | ro |" in capsys.readouterr().out


def test_the_machine_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    from bsff.machine.devices.emulated import EmulatedDevice

    config = load("digits-small")
    closed = threading.Event()
    monkeypatch.setattr(EmulatedDevice, "close", lambda self: closed.set())
    with pytest.raises(RuntimeError, match="stop"), Accelerator(EmulatedDevice(config), config):
        raise RuntimeError("stop")
    assert closed.is_set()
