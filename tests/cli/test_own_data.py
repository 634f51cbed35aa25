"""``bsff train`` on the user's own data, as a command: sizes, tables, images, what does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from own_sets import pictures
from PIL import Image

from bsff.cli import main
from bsff.training.run import RunDirectory


def test_a_folder_of_pictures(tmp_path: Path, rng: np.random.Generator, capsys: pytest.CaptureFixture[str]) -> None:
    images, labels = pictures(3, 60, (12, 12, 1), rng)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        folder = tmp_path / "own" / ["cat", "dog", "fox"][label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(folder / f"{i}.png")
    out = tmp_path / "run"
    command = ["train", "small", "--own", str(tmp_path / "own"), "--epochs", "3", "--out", str(out)]
    assert main(command) == 0
    assert "12 test samples" in capsys.readouterr().out
    config = RunDirectory(out).config()
    assert (config.data.shape, config.data.class_count) == ((12, 12, 1), 3)
    assert [layer.channels for layer in config.layers] == [42, 81]
    assert main(["eval", str(out)]) == 0


def test_a_table_and_a_catalogue_set(tmp_path: Path, rng: np.random.Generator) -> None:
    rows = [f"{x:.3f},{y:.3f},{'ab'[int(x > y)]}" for x, y in rng.normal(size=(80, 2))]
    (tmp_path / "own.csv").write_text("first,second,label\n" + "\n".join(rows) + "\n")
    assert (
        main(["train", "small", "--own", str(tmp_path / "own.csv"), "--epochs", "2", "--out", str(tmp_path / "a")]) == 0
    )
    assert [layer.kind for layer in RunDirectory(tmp_path / "a").config().layers] == ["dense"]
    settings = ["--set", "data.dataset=digits", "--set", "data.train_samples=100"]
    assert main(["train", "small", *settings, "--epochs", "1", "--out", str(tmp_path / "b")]) == 0
    assert RunDirectory(tmp_path / "b").config().data.dataset == "digits"


def test_a_size_takes_any_number_of_classes(tmp_path: Path) -> None:
    """Also one that divides no usual number of channels, and where the settings say it."""
    images = np.repeat(np.arange(0, 253, 11, dtype=np.uint8), 2)[:, None, None] * np.ones((1, 5, 5), np.uint8)
    np.savez(tmp_path / "own.npz", images=images, labels=np.repeat(np.arange(23), 2))
    command = ["train", "small", "--own", str(tmp_path / "own.npz"), "--set", "data.classes=23", "--epochs", "1"]
    assert main([*command, "--samples", "20", "--out", str(tmp_path / "run")]) == 0
    assert [layer.channels for layer in RunDirectory(tmp_path / "run").config().layers] == [46, 92]


def test_a_run_goes_on_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("own.npz", images=np.eye(8, dtype=np.uint8)[np.arange(40) % 8][:, None] * 255, labels=np.arange(40) % 2)
    assert main(["train", "small", "--own", "own.npz", "--epochs", "2", "--samples", "9", "--out", "run"]) == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    capsys.readouterr()
    assert main(["train", "--resume", "--out", "../run", "--own", "x.npz"]) == 2
    assert "--own x.npz: the run in ../run has its configuration" in capsys.readouterr().err
    assert main(["train", "--resume", "--out", "../run"]) == 0


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (["small"], "small: a network of this size is made for data: name yours with --own PATH"),
        (["small", "--own", "nowhere.csv"], "nowhere.csv: cannot be read"),
        (["digits", "--own", "own.npz"], "layer[1].channels = 60: expected a multiple of 7"),
        (["digits", "--own", "own.npz", "--set", "data.path=x"], "--set data.path=x: expected either that or --own"),
    ],
)
def test_what_does_not_fit_is_said(
    command: list[str], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("own.npz", images=np.zeros((35, 8, 8), np.uint8), labels=np.arange(35) % 7)
    assert main(["train", *command]) == 2
    error = capsys.readouterr().err
    assert text in error
    assert error.count("\n") == 1
    assert not (tmp_path / "runs").exists()
