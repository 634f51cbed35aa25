"""The real files, where they are."""

import hashlib
import struct

import numpy as np
import pytest
from data_files import CLASSES, isolate

from bsff.config import DATASETS, DataConfig
from bsff.data import cifar, images, load_dataset
from bsff.errors import DataError


@pytest.fixture(autouse=True)
def home(real_data, tmp_path, monkeypatch):  # real_data first: it reads the variable that is removed here
    return isolate(tmp_path, monkeypatch)


def need(folder, name):
    if not (folder / name).is_dir():
        pytest.skip(f"no {name}/ in {folder}")


def test_real_mnist(real_data):
    need(real_data, "mnist")
    data = load_dataset(DataConfig(dataset="mnist"), folder=real_data)
    assert data.train_images.shape == (60000, 28, 28, 1)
    assert data.test_images.shape == (10000, 28, 28, 1)
    header = struct.pack(">4I", 0x803, 60000, 28, 28)
    assert hashlib.md5(header + data.train_images.tobytes()).hexdigest() == "6bbc9ace898e44ae57da46a324031adb"
    assert np.bincount(data.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert tuple(data.train_labels[:10].tolist()) == DATASETS["mnist"].first_labels


def test_real_fashion(real_data):
    need(real_data, "fashion-mnist")
    data = load_dataset(DataConfig(dataset="fashion"), folder=real_data)
    assert data.train_images.shape == (60000, 28, 28, 1)
    assert np.bincount(data.train_labels).tolist() == [6000] * 10
    assert np.bincount(data.test_labels).tolist() == [1000] * 10
    assert tuple(data.train_labels[:10].tolist()) == DATASETS["fashion"].first_labels
    with pytest.raises(DataError, match="these are the labels of Fashion-MNIST"):
        load_dataset(DataConfig(dataset="mnist"), folder=real_data / "fashion-mnist")


@pytest.mark.slow
def test_real_cifar_copy(real_data):
    """Decoding all 60,000 takes about 15 s (measured on two cores), so only some are decoded here."""
    need(real_data, "cifar10-jpeg")
    path = real_data / "cifar10-jpeg" / "cifar10-images.tar.xz"
    classes, pictures = images.list_tree(path)
    assert classes == CLASSES
    assert {split: len(p) for split, p in pictures.items()} == {"train": 50000, "test": 10000}
    for split, count in cifar.PER_CLASS.items():
        assert np.bincount([p.label for p in pictures[split]]).tolist() == [count] * 10
    assert [p.name for p in pictures["train"][:11]] == [
        *(f"train/{name}/0000.jpg" for name in CLASSES),
        "train/airplane/0001.jpg",
    ]
    decoded = images.decode(path, pictures["train"][:500])
    assert decoded.shape == (500, 32, 32, 3)
    assert 110 < decoded.mean() < 130  # the mean of CIFAR-10 is about 120
    assert 55 < decoded.std() < 70
