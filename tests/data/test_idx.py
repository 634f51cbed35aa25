"""IDX files, the format of MNIST and Fashion-MNIST: every fault that they can have, and what the user is told."""

import gzip

import numpy as np
import pytest
from data_files import idx, isolate, write_idx

from bsff.config import DATASETS, DataConfig
from bsff.data import load_dataset
from bsff.data.idx import read_idx
from bsff.data.idx_folder import FILES
from bsff.errors import DataError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    return isolate(tmp_path, monkeypatch)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(
    ("name", "sub"),
    [
        ("mnist", "mnist"),
        ("mnist", "MNIST/raw"),
        ("mnist", "."),
        ("fashion", "fashion-mnist"),
        ("fashion", "fashion"),
        ("fashion", "FashionMNIST/raw"),
        ("fashion", "Fashion-MNIST/raw"),
        ("kmnist", "KMNIST/raw"),
        ("mnist", "raw"),
        ("fashion", "."),
    ],
)
def test_idx_folders(tmp_path, name, sub, suffix):
    arrays = write_idx(tmp_path / sub, suffix=suffix)
    data = load_dataset(DataConfig(dataset=name), folder=tmp_path)
    assert data.name == name
    assert data.label == DATASETS[name].title
    assert data.train_images.shape == (12, 28, 28, 1)
    assert data.train_images.dtype == data.test_labels.dtype == np.uint8
    for key, name_ in zip(("train_images", "train_labels", "test_images", "test_labels"), FILES, strict=True):
        assert np.array_equal(np.squeeze(getattr(data, key)), arrays[name_])
    data.train_images[0] = 0  # must be writable


GOOD = idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
ZIPPED = gzip.compress(GOOD, mtime=0)  # without the time: test names must not depend on it


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a", b"", "truncated: found 0 bytes, expected a header of 16"),
        ("a", GOOD[:10], "truncated: found 10 bytes, expected a header of 16"),
        ("a", GOOD[:-1], "truncated: found 23 bytes after the header, expected 24 for (2, 3, 4); copy or download"),
        ("a", GOOD + b"!", "wrong size: more than the 24 bytes"),
        ("a", b"\0\0\x0d\3" + GOOD[4:], "magic number 0x00000d03, expected 0x00000803 (bytes in 3 dimensions)"),
        ("a", idx(np.zeros(9, np.uint8)), "magic number 0x00000801, expected 0x00000803"),
        ("a", GOOD[:4] + b"\xff" * 12, "announces (4294967295, 4294967295, 4294967295), expected at most"),
        ("a.gz", GOOD, "not gzip: starts with 0000, expected 1f8b; take .gz off"),
        ("a.gz", b"", "not gzip: starts with nothing, expected 1f8b"),
        ("a.gz", ZIPPED[:-12], "truncated: the gzip data ends too early"),
        ("a.gz", ZIPPED[:-8] + b"\0" * 8, "damaged gzip data (CRC check failed"),
        ("a.gz", ZIPPED[:10] + b"\xff" * 30, "damaged gzip data (Error -3"),
        ("a.gz", gzip.compress(GOOD[:-2], mtime=0), "truncated: found 22 bytes after the header"),
    ],
)
def test_idx_faults(tmp_path, name, content, text):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_idx(path, 3)
    assert str(error.value).startswith(f"{path}: ")
    assert text in str(error.value)


def test_idx_unreadable(tmp_path):
    with pytest.raises(DataError, match=r"a: cannot be read \(No such file"):
        read_idx(tmp_path / "a", 1)


def test_idx_pairs(tmp_path):
    write_idx(tmp_path)
    labels = tmp_path / f"{FILES[1]}.gz"
    labels.write_bytes(gzip.compress(idx(np.zeros(11, np.uint8))))
    with pytest.raises(DataError, match=rf"{FILES[1]}.gz: 11 labels, expected 12, one per image of .*{FILES[0]}.gz"):
        load_dataset(DataConfig(dataset="mnist"), folder=tmp_path)
    labels.write_bytes(gzip.compress(idx(np.full(12, 10, np.uint8))))
    with pytest.raises(DataError, match="MNIST, train: label 10 of sample 0, expected 0 to 9"):
        load_dataset(DataConfig(dataset="mnist"), folder=tmp_path)
    (tmp_path / f"{FILES[0]}.gz").write_bytes(gzip.compress(idx(np.zeros((12, 8, 8), np.uint8))))
    labels.write_bytes(gzip.compress(idx(np.zeros(12, np.uint8))))
    with pytest.raises(DataError, match=r"images of \(8, 8\), expected \(28, 28\)"):
        load_dataset(DataConfig(dataset="mnist"), folder=tmp_path)


def test_the_other_data_set_of_the_same_names_is_refused(tmp_path):
    write_idx(tmp_path, first=DATASETS["fashion"].first_labels)
    with pytest.raises(DataError, match=r"these are the labels of Fashion-MNIST, expected MNIST; name a folder"):
        load_dataset(DataConfig(dataset="mnist"), folder=tmp_path)
    assert load_dataset(DataConfig(dataset="fashion"), folder=tmp_path).label == "Fashion-MNIST"
