"""Two processes at once never write one run."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_lines import assert_sentence, bsff, start

from bsff.errors import CheckpointError
from bsff.tools.process import patient
from bsff.training.run import LOCK, RunDirectory, TakenError, latest, new_run

SHORT = ["train", "digits-small", "--samples", 2000]


@pytest.mark.slow
@pytest.mark.long
def test_processes_that_begin_at_once_take_folders_of_their_own(tmp_path: Path) -> None:
    processes = [start([*SHORT, "--seed", seed], tmp_path) for seed in range(4)]
    for process in processes:
        _, said = process.communicate(timeout=patient(200))
        assert process.returncode == 0, said
    folders = sorted((tmp_path / "runs").iterdir())
    assert [each.name for each in folders] == ["digits-small", *(f"digits-small-{n}" for n in (2, 3, 4))]
    assert sorted(RunDirectory(each).config().training.seed for each in folders) == [0, 1, 2, 3]
    for each in folders:
        assert RunDirectory(each).metrics()["seed"] == RunDirectory(each).config().training.seed
        assert not (each / LOCK).exists()


@pytest.mark.slow
def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with start(["train", "digits-small", "--epochs", 100000, "--out", "run"], tmp_path, bufsize=1) as first:
        assert first.stdout is not None
        assert first.stdout.readline().startswith("epoch 1")
        for words in (["train", "--resume", "--out", "run"], ["eval", "run"]):
            done = bsff(words, tmp_path)
            assert_sentence(done.stderr)
            assert done.stderr.startswith("bsff: run is in use: another process is writing this run; wait for it")
            assert done.returncode == 2
        first.kill()
        first.communicate(timeout=patient(60))
    assert (tmp_path / "run" / LOCK).exists()  # left by a process that was killed, and held by nobody
    assert bsff(["eval", "run"], tmp_path).returncode == 0
    assert not (tmp_path / "run" / LOCK).exists()


def test_an_explicit_folder_is_held_before_anything_is_saved(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    with new_run("x", out) as run:
        assert run.path == out
        with pytest.raises(TakenError, match="is in use: another process is writing this run"), new_run("x", out):
            pass
        assert out.is_dir()
    assert not (tmp_path / "a").exists(), "nothing began in it"
    out.mkdir(parents=True)
    with new_run("x", out):
        pass
    assert list(out.iterdir()) == [], "a folder that was there stays"


def test_names_are_counted_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert latest("x") == Path("runs/x")
    with new_run("x") as one, new_run("x") as two:
        assert [one.path, two.path] == [Path("runs/x"), Path("runs/x-2")]
        two.checkpoint.touch()
    assert latest("x") == Path("runs/x-2")
    with new_run("x") as again, new_run("x") as three:  # the first ended without a checkpoint
        assert [again.path, three.path] == [Path("runs/x"), Path("runs/x-3")]
    for name in ("x-10", "x-9", "x-y-11", "xx-12"):
        Path("runs", name).mkdir()
        RunDirectory(Path("runs", name)).checkpoint.touch()
    assert latest("x") == Path("runs/x-10")
    with (
        pytest.raises(CheckpointError, match="already holds a run; go on with --resume"),
        new_run("x", Path("runs/x-2")),
    ):
        pass
