"""CIFAR-10 in its official versions: python and binary batches."""

import os
import pickle
import tarfile

import numpy as np
import pytest
from data_files import SMALL, WRITERS, add, check_official, isolate, make_records, python2_pickle

from bsff.config import DataConfig
from bsff.data import batches, load_dataset
from bsff.errors import DataError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    return isolate(tmp_path, monkeypatch)


@pytest.fixture
def records(monkeypatch):
    return make_records(monkeypatch)


@pytest.mark.parametrize("sub", ["cifar-10-batches-py", ".", "cifar10/cifar-10-batches-py"])
@pytest.mark.parametrize("writer", WRITERS)
def test_python_batches(tmp_path, records, sub, writer):
    (tmp_path / sub).mkdir(parents=True, exist_ok=True)
    for name, batch in records.items():
        (tmp_path / sub / name).write_bytes(WRITERS[writer](*batch))
    check_official(load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path), records)


def test_python_tar(tmp_path, records):
    path = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        add(tar, "cifar-10-batches-py/readme.html", b"<html>")
        for name in reversed(records):
            add(tar, f"cifar-10-batches-py/{name}", python2_pickle(*records[name]))
    check_official(load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path), records)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(DataError, match=r"cifar-10-python.tar.gz: truncated or not a tar archive"):
        load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path)
    with tarfile.open(path, "w:gz") as tar:
        add(tar, "data_batch_1", python2_pickle(*records["data_batch_1"]))
    with pytest.raises(DataError, match=r"no data_batch_2, .*test_batch in it, expected data_batch_1"):
        load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path)


def test_binary_batches(tmp_path, records):
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for name, (labels, data) in records.items():
        rows = [bytes([v]) + planes.tobytes() for v, planes in zip(labels, data, strict=True)]
        (folder / f"{name}.bin").write_bytes(b"".join(rows))
    check_official(load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path), records)
    (folder / "data_batch_2.bin").write_bytes(bytes(3 * 3073))
    with pytest.raises(DataError, match=r"data_batch_2.bin: 9219 bytes, expected 12292 \(4 records of 3073\)"):
        load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path)
    (folder / "data_batch_2.bin").unlink()
    with pytest.raises(DataError, match=r"CIFAR-10: missing data_batch_2.bin; looked in .*cifar-10-batches-bin"):
        load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path)


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("protocol", range(6))
def test_malicious_pickle_is_refused(tmp_path, protocol):
    content = pickle.dumps({"data": Malicious(tmp_path / "owned"), "labels": []}, protocol=protocol)
    with pytest.raises(DataError, match=r"^here: not a CIFAR-10 python batch \(UnpicklingError: it asks for .*\.mkdir"):
        batches.parse_pickle("here", content, SMALL["CIFAR10"], 4)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "not a CIFAR-10 python batch (EOFError"),
        (b"\x80\x02}q", "not a CIFAR-10 python batch"),
        (b"cbuiltins\neval\n(U\x011tR.", "it asks for builtins.eval, and a batch holds only arrays"),
        (b"c_codecs\ndecode\n(U\x011tR.", "it asks for _codecs.decode"),
        (pickle.dumps([1, 2]), "not a CIFAR-10 python batch (AttributeError"),
        (pickle.dumps({"data": 10**9, "labels": []}), "not a CIFAR-10 python batch (AttributeError"),
        (pickle.dumps({"labels": []}), "not a CIFAR-10 python batch (KeyError: 'data')"),
        (pickle.dumps({"data": np.zeros((4, 3072), "O"), "labels": [0] * 4}, 2), "data is not an array of bytes"),
        (WRITERS["protocol 2"]([0] * 3, np.zeros((3, 3072), np.uint8)), "shape (3, 3072), expected 12288 bytes"),
        (WRITERS["protocol 2"]([0] * 4, np.zeros((4, 3072), np.int16)), "data of 24576 bytes"),
        (WRITERS["protocol 2"]([0] * 3, np.zeros((4, 3072), np.uint8)), "labels (3) expected as a list of 4 whole"),
        (WRITERS["protocol 2"]([0, 1, 2, 10], np.zeros((4, 3072), np.uint8)), "whole numbers 0 to 9; copy or download"),
        (WRITERS["protocol 2"]("text", np.zeros((4, 3072), np.uint8)), "labels (str) expected"),
    ],
)
def test_pickle_faults(content, text):
    with pytest.raises(DataError) as error:
        batches.parse_pickle("here", content, SMALL["CIFAR10"], 4)
    assert str(error.value).startswith("here: ")
    assert text in str(error.value)
