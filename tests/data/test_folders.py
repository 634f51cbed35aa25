"""Where data sets are looked for, and how much of them is loaded."""

import numpy as np
import pytest
from data_files import isolate, write_idx

from bsff.config import DataConfig
from bsff.data import load_dataset
from bsff.data.idx_folder import FILES
from bsff.data.whiten import whiten
from bsff.errors import DataError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    return isolate(tmp_path, monkeypatch)


def test_missing_files_in_a_given_folder(tmp_path, monkeypatch):
    write_idx(tmp_path / "mnist")
    (tmp_path / "mnist" / f"{FILES[2]}.gz").unlink()
    text = (
        f"MNIST: missing {FILES[2]}.gz; looked in {tmp_path}/mnist, {tmp_path}/MNIST/raw, {tmp_path}/MNIST, "
        f"{tmp_path}/raw, {tmp_path}; put them "
        f"into {tmp_path}/mnist, or name the folder that has them with the option --data DIR or the variable "
        "BSFF_DATA"
    )
    with pytest.raises(DataError) as error:
        load_dataset(DataConfig(dataset="mnist"), folder=tmp_path)
    assert str(error.value) == text
    monkeypatch.setenv("BSFF_DATA", str(tmp_path))
    with pytest.raises(DataError) as error:
        load_dataset(DataConfig(dataset="mnist"))
    assert str(error.value) == text
    with pytest.raises(DataError, match=r"CIFAR-10: missing cifar-10-batches-py/ or .*; looked in .*--data DIR"):
        load_dataset(DataConfig(dataset="cifar10"))


def test_no_such_folder(tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"nowhere: no such folder \(from the option --data\); expected"):
        load_dataset(DataConfig(dataset="mnist"), folder=tmp_path / "nowhere")
    monkeypatch.setenv("BSFF_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"nowhere: no such folder \(from the variable BSFF_DATA\)"):
        load_dataset(DataConfig(dataset="mnist"))


def test_argument_before_variable_before_cache(tmp_path, monkeypatch, home):
    for count, folder in ((3, tmp_path / "a"), (4, tmp_path / "b"), (5, home)):
        write_idx(folder / "mnist", train=count)
    config = DataConfig(dataset="mnist")
    assert len(load_dataset(config).train_images) == 5
    monkeypatch.setenv("BSFF_DATA", str(tmp_path / "b"))
    assert len(load_dataset(config).train_images) == 4
    assert len(load_dataset(config, folder=tmp_path / "a").train_images) == 3
    monkeypatch.setenv("BSFF_DATA", "")
    assert len(load_dataset(config).train_images) == 5


def test_limits_and_whiten(tmp_path):
    arrays = write_idx(tmp_path)
    data = load_dataset(DataConfig(dataset="mnist", train_samples=7, test_samples=2, whiten=True), folder=tmp_path)
    assert np.array_equal(data.train_images, whiten(arrays[FILES[0]][:7, ..., np.newaxis]))
    assert (len(data.train_labels), len(data.test_images), len(data.test_labels)) == (7, 2, 2)
    with pytest.raises(DataError, match=r"data.test_samples = 6: MNIST has 5; expected at most that, or 0 for all"):
        load_dataset(DataConfig(dataset="mnist", test_samples=6), folder=tmp_path)


def test_unknown_name():
    with pytest.raises(DataError, match=r'data\.dataset = "svhn": expected one of digits, mnist, fashion, cifar10'):
        load_dataset(DataConfig(dataset="svhn"))
