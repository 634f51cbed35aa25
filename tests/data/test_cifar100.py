"""CIFAR-100 in its official versions: fine labels of python and binary batches."""

import pickle
import tarfile

import numpy as np
import pytest
from data_files import SMALL, add, isolate

from bsff.config import DATASETS, DataConfig
from bsff.data import cifar, load_dataset
from bsff.data.batches import CIFAR100
from bsff.errors import DataError


@pytest.fixture(autouse=True)
def records(tmp_path, monkeypatch):
    isolate(tmp_path, monkeypatch)
    monkeypatch.setattr(cifar, "CIFAR100", SMALL["CIFAR100"])
    rng = np.random.default_rng(4)
    return {
        name: {
            "fine_labels": [99, 0, *rng.integers(0, 100, 2).tolist()],
            "coarse_labels": rng.integers(0, 20, 4).tolist(),
            "data": rng.integers(0, 256, (4, 3072), np.uint8),
            "filenames": ["a.png"] * 4,
        }
        for name in ("train", "test")
    }


def python(records):
    return {name: pickle.dumps({key.encode(): v for key, v in r.items()}, protocol=2) for name, r in records.items()}


def binary(records):
    return {
        f"{name}.bin": b"".join(
            bytes([coarse, fine]) + row.tobytes()
            for coarse, fine, row in zip(r["coarse_labels"], r["fine_labels"], r["data"], strict=True)
        )
        for name, r in records.items()
    }


def check(folder, records):
    data = load_dataset(DataConfig(dataset="cifar100"), folder=folder)
    assert data.label == "CIFAR-100"
    assert data.classes == DATASETS["cifar100"].classes
    for images, labels, name in (
        (data.train_images, data.train_labels, "train"),
        (data.test_images, data.test_labels, "test"),
    ):
        assert labels.tolist() == records[name]["fine_labels"]
        planes = records[name]["data"].reshape(4, 3, 32, 32)
        assert np.array_equal(images, planes.transpose(0, 2, 3, 1))


FORMS = {"cifar-100-python": python, "cifar-100-binary": binary}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sub", ["{}", ".", "cifar100/{}", "cifar-100"])
def test_folders(tmp_path, records, form, sub):
    folder = tmp_path / sub.format(form)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in FORMS[form](records).items():
        (folder / name).write_bytes(content)
    (folder / "meta").write_bytes(b"")
    check(tmp_path, records)


@pytest.mark.parametrize("form", FORMS)
def test_archives(tmp_path, records, form):
    path = tmp_path / f"{form}.tar.gz"
    files = FORMS[form](records)
    with tarfile.open(path, "w:gz") as tar:
        for name in reversed(files):
            add(tar, f"{form}/{name}", files[name])
    check(tmp_path, records)
    with tarfile.open(path, "w:gz") as tar:
        add(tar, *next(iter(files.items())))
    with pytest.raises(DataError, match=r"no test(.bin)? in it, expected train"):
        check(tmp_path, records)


def test_refused(tmp_path, records):
    with pytest.raises(DataError, match=r"CIFAR-100: missing cifar-100-python/ or .*; looked in .*--data DIR"):
        check(tmp_path, records)
    files = python(records)
    (tmp_path / "train").write_bytes(files["train"])
    with pytest.raises(DataError, match="CIFAR-100: missing test; looked in"):
        check(tmp_path, records)
    (tmp_path / "test").write_bytes(python({"test": {**records["test"], "fine_labels": [0, 1, 2, 100]}})["test"])
    with pytest.raises(DataError, match=r"labels \(4\) expected as a list of 4 whole numbers 0 to 99"):
        check(tmp_path, records)
    del records["test"]["fine_labels"]
    (tmp_path / "test").write_bytes(python(records)["test"])
    with pytest.raises(DataError, match=r"not a CIFAR-100 python batch \(KeyError: 'fine_labels'"):
        check(tmp_path, records)
    (tmp_path / "train").unlink()
    (tmp_path / "train.bin").write_bytes(bytes(4 * 3073))
    (tmp_path / "test.bin").write_bytes(bytes(4 * 3073))
    with pytest.raises(DataError, match=r"train.bin: 12292 bytes, expected 12296 \(4 records of 3074\)"):
        check(tmp_path, records)


def test_numbers_of_images():
    assert CIFAR100.records == {"train": 50_000, "test": 10_000}
