"""Own data named by a configuration, and the configuration completed by its data."""

import os

import numpy as np
import pytest

from bsff.config import DataConfig, load, override, parse
from bsff.data import from_arrays, load_dataset, resolve
from bsff.errors import ConfigError, DataError


def write(path, classes=3, features=4):
    rng = np.random.default_rng(5)
    np.savez(path, X=rng.normal(size=(30, features)), y=np.arange(30) % classes)
    return path


def config(path, channels=6, **data):
    table = {"data": {"dataset": "own", "path": str(path), **data}, "layer": [{"kind": "dense", "channels": channels}]}
    return parse(table, source="mine")


def test_the_path_is_relative_to_the_working_directory(tmp_path, monkeypatch):
    write(tmp_path / "d.npz")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in ("d.npz", "./d.npz", "~/d.npz", str(tmp_path / "d.npz")):
        data = load_dataset(config(path).data, folder=tmp_path / "not used")
        assert data.classes == ("0", "1", "2")
    assert len(load_dataset(config("d.npz", train_samples=10).data).train_labels) == 10


def test_resolve_fills_in_what_the_data_tell(tmp_path):
    before = config(write(tmp_path / "d.npz"))
    assert (before.data.class_count, before.data.shape) == (0, None)
    dataset = load_dataset(before.data)
    after = resolve(before, dataset)
    assert (after.data.classes, after.data.input) == (3, (1, 4, 1))
    assert (after.name, after.layers, after.head, after.training) == (
        before.name,
        before.layers,
        before.head,
        before.training,
    )
    assert resolve(after, dataset) == after
    assert np.array_equal(load_dataset(after.data).train_images, dataset.train_images)


def test_resolve_refuses_what_does_not_fit(tmp_path):
    path = write(tmp_path / "d.npz", classes=5)
    dataset = load_dataset(config(path).data)
    with pytest.raises(ConfigError, match=r"mine: layer\[1\].channels = 6: expected a multiple of 5"):
        resolve(config(path), dataset)
    with pytest.raises(DataError, match=r"data.classes = 3: d.npz has 5; expected that, or 0"):
        resolve(config(path, classes=3), dataset)
    with pytest.raises(DataError, match=r"data.input = \[1, 3, 1\]: d.npz has \[1, 4, 1\]"):
        resolve(config(path, input=[1, 3, 1]), dataset)
    with pytest.raises(DataError, match=r"data.classes = 3: d.npz has 5; expected that, or 0"):
        load_dataset(config(path, classes=3).data)
    with pytest.raises(DataError, match=r"samples are \[1, 4, 1\], expected \[1, 3, 1\] \(data.input\)"):
        load_dataset(config(path, input=[1, 3, 1]).data)


def test_resolve_leaves_the_catalogue_alone():
    digits = load("digits-small")
    assert resolve(digits, load_dataset(override(digits, ["data.train_samples=20"]).data)) is digits


def test_arrays_need_no_path():
    dataset = from_arrays(np.zeros((10, 8, 8), np.uint8), [0, 1] * 5)
    assert resolve(config(""), dataset).data.input == (8, 8, 1)
    with pytest.raises(
        DataError, match=r'data.path = "": expected an .npz, .*; or pass arrays to bsff.data.from_arrays'
    ):
        load_dataset(config("").data)


def test_what_cannot_be_read(tmp_path):
    for name in ("none", "none.npz", "none.csv"):
        with pytest.raises(
            DataError, match=rf"{name}: cannot be read \(No such file or directory\); expected data.path to"
        ):
            load_dataset(DataConfig(dataset="own", path=str(tmp_path / name)))
    (tmp_path / "d.mat").write_bytes(b"x")
    with pytest.raises(DataError, match=r"d.mat: unknown kind of file, expected data.path to name an .npz, a .csv"):
        load_dataset(DataConfig(dataset="own", path=str(tmp_path / "d.mat")))
    os.mkfifo(tmp_path / "d.npz")
    with pytest.raises(DataError, match=r"d.npz: neither a file nor a folder"):
        load_dataset(DataConfig(dataset="own", path=str(tmp_path / "d.npz")))
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(DataError, match=r"loop: cannot be read \(Too many levels of symbolic links\)"):
        load_dataset(DataConfig(dataset="own", path=str(tmp_path / "loop")))
