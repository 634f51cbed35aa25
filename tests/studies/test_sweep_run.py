"""Sweeps through the command line: results, resumption, interruption, failure; a row of the repository made again."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from sweep_helpers import QUICK, ROOT, start, write_spec

from bsff.cli import main
from bsff.config import DataConfig
from bsff.data import from_arrays, load_dataset
from bsff.data.split import hold_out
from bsff.errors import ConfigError, DataError
from bsff.studies.sweep import Results, load_spec
from bsff.studies.sweep.work import run_cell
from bsff.tools.commit import commit

SLOWER = QUICK.replace("epochs = 1", "epochs = 40") + "[grid]\nseed = [0, 1, 2, 3, 4, 5]\n"


def test_the_last_tenth_is_held_out() -> None:
    whole = load_dataset(DataConfig())
    part = hold_out(whole)
    assert (len(part.train_labels), len(part.test_labels)) == (1294, 143)  # of 1437
    assert np.array_equal(np.concatenate([part.train_images, part.test_images]), whole.train_images)
    assert np.array_equal(np.concatenate([part.train_labels, part.test_labels]), whole.train_labels)
    fewer = hold_out(whole, train_samples=100)
    assert np.array_equal(fewer.train_images, whole.train_images[:100])
    assert np.array_equal(fewer.test_images, part.test_images)
    assert "held out" in part.label
    with pytest.raises(DataError, match=r"train_samples = 1295: .* has 1294 when one in 10 is held out"):
        hold_out(whole, train_samples=1295)


def test_of_own_data_each_class_gives_a_tenth_though_classes_take_turns() -> None:
    """A folder of images ends with the largest class alone, so its end says nothing of the others."""
    labels = np.array([*[0, 1, 2] * 40, *[2] * 180], np.uint8)
    images = (np.arange(300) % 256).astype(np.uint8).reshape(300, 1, 1, 1) + np.zeros((1, 2, 2, 1), np.uint8)
    whole = from_arrays(images, labels, test=(images[:9], labels[:9]))
    assert set(hold_out(whole).test_labels) == {2}
    part = hold_out(whole, by_class=True)
    assert np.bincount(part.test_labels).tolist() == [4, 4, 22]
    assert np.bincount(part.train_labels).tolist() == [36, 36, 198]
    assert len(hold_out(whole, train_samples=60, by_class=True).train_labels) == 60
    seen = [*part.train_images[:, 0, 0, 0], *part.test_images[:, 0, 0, 0]]
    assert sorted(seen) == sorted(images[:, 0, 0, 0])  # none twice, none lost


@pytest.mark.slow
@pytest.mark.long
def test_sweep_and_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = write_spec(tmp_path, QUICK + '[grid]\nvariant = ["real", "golden"]\nseed = [0, 1]\n')
    assert main(["sweep", str(spec), "--workers", "1", "--cells", "3"]) == 0
    assert "0 of 4 cells are there, 3 to do" in capsys.readouterr().out
    first = (tmp_path / "spec.csv").read_text()
    assert main(["sweep", str(spec), "--list"]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["done", "done", "done", "missing"]
    assert main(["sweep", str(spec), "--workers", "2"]) == 0
    assert "3 of 4 cells are there, 1 to do" in capsys.readouterr().out
    rows = Results(tmp_path / "spec.csv").rows
    assert [(row["variant"], row["training.seed"]) for row in rows] == [
        ("real", "0"), ("real", "1"), ("golden", "0"), ("golden", "1"),
    ]  # fmt: skip
    for line in first.splitlines()[1:]:
        assert line in (tmp_path / "spec.csv").read_text()  # not trained again
    for row in rows:
        assert 0.05 < float(row["accuracy"]) < 1
        assert row["train_samples"] == "200"
        assert row["test_samples"] == "143"  # the held-out tenth of the whole set
        assert row["presentations"] == "200"
        assert float(row["seconds"]) > 0
        assert row["machine"]
        assert row["version.numpy"] == np.__version__
    assert int(rows[0]["macs"]) > 0
    assert rows[0]["additions"] == "0"
    assert int(rows[2]["additions"]) > 0
    assert rows[0]["energy"] == ""
    # a sample costs some additions of tens of femtojoules to some picojoules each, and the reading of what is added
    assert 1e-5 < float(rows[2]["energy"]) / int(rows[2]["additions"]) < 1e-1
    assert main(["sweep", str(spec)]) == 0
    assert "4 of 4 cells are there, 0 to do" in capsys.readouterr().out


def wait_for_rows(path: Path, count: int, limit: float = 120) -> None:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if path.exists() and len(Results(path).rows) >= count:  # every state that can be seen is a whole file
            return
        time.sleep(0.05)
    pytest.fail(f"no {count} rows in {path} within {limit} s")


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pids: list[int], limit: float = 30) -> bool:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("how", ["interrupt", "kill"])
def test_a_stopped_sweep_keeps_its_rows(tmp_path: Path, how: str) -> None:
    spec, path = write_spec(tmp_path, SLOWER), tmp_path / "spec.csv"
    process = start("sweep", spec, "--workers", 1)
    wait_for_rows(path, 2)
    workers = children(process.pid)
    if how == "interrupt":
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        assert "go on with the same command" in out
    else:
        process.kill()
        process.communicate(timeout=60)
    assert gone(workers), "workers go on without their parent"
    kept = Results(path).rows
    assert 2 <= len(kept) < 6
    assert main(["sweep", str(spec), "--workers", "1", "--cells", "1"]) == 0
    rows = Results(path).rows
    assert len(rows) == len(kept) + 1
    assert all(row in rows for row in kept)


@pytest.mark.slow
def test_a_cell_that_fails_stops_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = write_spec(tmp_path, QUICK + '[[case]]\n"data.dataset" = "mnist"\n[[case]]\n')
    assert main(["sweep", str(spec), "--workers", "1", "--data", str(tmp_path)]) == 1
    assert "failed: digits real seed 0, 1 epochs: MissingFilesError: MNIST: missing" in capsys.readouterr().err
    (row,) = Results(tmp_path / "spec.csv").rows
    assert row["data.dataset"] == "digits"


def test_two_sweeps_do_not_write_one_file(tmp_path: Path) -> None:
    with Results(tmp_path / "r.csv").locked():
        other = Results(tmp_path / "r.csv")
        with pytest.raises(ConfigError, match=r"r\.csv: another sweep is writing it"), other.locked():
            pass
    with Results(tmp_path / "r.csv").locked():
        pass


def test_a_part_of_a_sweep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = write_spec(tmp_path, QUICK + '[grid]\nvariant = ["real", "golden"]\nseed = [0, 1]\n')
    assert main(["sweep", str(spec), "--list", "--only", "training.seed=1", "--only", "variant=golden"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert "golden seed 1" in line
    for wrong in ("seed=1", "variant"):
        assert main(["sweep", str(spec), "--list", "--only", wrong]) == 2
        assert f"--only {wrong}: expected COLUMN=VALUE with one of batch_size" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--workers", "--cells"])
def test_counts_are_checked(tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", str(write_spec(tmp_path, QUICK)), option, "0"]) == 2
    assert f"{option} 0: expected 1 or more" in capsys.readouterr().err


def test_a_gpu_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    spec = str(write_spec(tmp_path, QUICK))
    assert main(["sweep", spec, "--device", "cuda"]) == 2
    assert "sees no CUDA GPU here" in capsys.readouterr().err
    assert main(["sweep", spec, "--device", "cuda", "--ray", "auto"]) == 2
    assert "expected without --ray" in capsys.readouterr().err


def test_sources_without_their_repository_name_their_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BSFF_COMMIT", "0123456789ab")
    inside = commit()
    assert inside != "0123456789ab", "git knows better"
    monkeypatch.setenv("PATH", "")  # no git
    assert commit() == "0123456789ab"
    monkeypatch.delenv("BSFF_COMMIT")
    assert commit() == ""


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "tolerance"), [("golden", 0.0), ("real", 0.03)])
def test_a_row_of_the_repository_made_again(variant: str, tolerance: float) -> None:
    """The golden model gives the same bits everywhere; another processor rounds the reference's sums otherwise."""
    spec = load_spec(ROOT / "docs/results/accuracy/variants.toml")
    cell = next(c for c in spec.cells if c.options.variant == variant and c.config.data.dataset == "digits")
    row = Results(spec.results).find(cell)
    assert row is not None
    again = run_cell(cell, None, "")
    for key in ("accuracy", "accuracy_head", "accuracy_goodness", "accuracy_one_draw"):
        assert float(again[key]) == pytest.approx(float(row[key]), abs=tolerance), key
    assert again["train_samples"] == row["train_samples"]
    if variant == "golden":
        assert again["additions"] == row["additions"]
