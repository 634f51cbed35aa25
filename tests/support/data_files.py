"""Synthetic data sets in the formats of the real ones, and checks of what was loaded from them."""

import dataclasses
import gzip
import io
import pickle
import struct
import tarfile

import numpy as np
import pytest
from PIL import Image

from bsff.config import DATASETS
from bsff.data import batches, cifar
from bsff.data.idx_folder import FILES

CLASSES = DATASETS["cifar10"].classes
SMALL = {
    name: dataclasses.replace(layout, records=dict.fromkeys(layout.records, 4))
    for name, layout in (("CIFAR10", batches.CIFAR10), ("CIFAR100", batches.CIFAR100))
}
"""The official layouts with four records a file."""


def isolate(tmp_path, monkeypatch):
    """No test sees the user's own folders, and none reaches the network; returns the folder of the cache."""
    folder = tmp_path / "home"
    for module in ("cifar", "load"):
        monkeypatch.setattr(f"bsff.data.{module}.cache_folder", lambda: folder)
    monkeypatch.delenv("BSFF_DATA", raising=False)
    monkeypatch.setattr("pooch.retrieve", lambda *_, **__: pytest.fail("a download was tried"))
    return folder


def files_in(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def idx(array):
    return struct.pack(f">I{array.ndim}I", 0x0800 + array.ndim, *array.shape) + array.tobytes()


def write_idx(folder, *, train=12, test=5, suffix=".gz", first=(1, 2, 3), names=FILES, size=(28, 28)):
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {}
    for name in names:
        count = train if "train" in name else test
        array = (
            rng.integers(0, 256, (count, *size), np.uint8)
            if "images" in name
            else (np.resize(np.array(first, dtype=np.uint8), count))
        )
        (folder / (name + suffix)).write_bytes(gzip.compress(idx(array)) if suffix else idx(array))
        arrays[name] = array
    return arrays


def make_records(monkeypatch):
    """Six synthetic batches of four records: (labels, planes)."""
    layout = SMALL["CIFAR10"]
    monkeypatch.setattr(cifar, "CIFAR10", layout)
    rng = np.random.default_rng(2)
    return {
        name: (rng.integers(0, 10, 4).tolist(), rng.integers(0, 256, (4, 3072), np.uint8)) for name in layout.records
    }


def python2_pickle(labels, data):
    """A batch in the opcodes that Python 2 wrote, as the official files are."""
    return (
        b"\x80\x02}(U\x06labels](" + b"".join(b"K" + bytes([v]) for v in labels) + b"e"
        b"U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R("
        b"K\x01K" + bytes([len(data)]) + b"M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        b"T" + struct.pack("<I", data.nbytes) + data.tobytes() + b"tbu."
    )


WRITERS = {
    "python 2": python2_pickle,
    "protocol 2": lambda labels, data: pickle.dumps({"labels": labels, "data": data}, protocol=2),
    "protocol 4": lambda labels, data: pickle.dumps({b"labels": labels, b"data": data}, protocol=4),
    "fortran": lambda labels, data: pickle.dumps({b"labels": labels, b"data": np.asfortranarray(data)}, protocol=2),
}


def check_official(data, records):
    assert data.label == "CIFAR-10"
    assert data.classes == CLASSES
    train = [records[name] for name in list(records)[:5]]
    assert data.train_labels.tolist() == [v for labels, _ in train for v in labels]
    assert data.test_labels.tolist() == records["test_batch"][0]
    for i, planes in enumerate(np.concatenate([planes for _, planes in train])):
        for channel in range(3):
            plane = planes[1024 * channel : 1024 * (channel + 1)].reshape(32, 32)
            assert np.array_equal(data.train_images[i, :, :, channel], plane)


def add(tar, name, content):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def jpeg(value, size=(32, 32), mode="RGB", form="JPEG"):
    file = io.BytesIO()
    Image.new(mode, size, value).save(file, form)
    return file.getvalue()


def make_tree(monkeypatch):
    """Names and contents of a small tree: three images per class for training, one for test."""
    monkeypatch.setattr(cifar, "PER_CLASS", {"train": 3, "test": 1})
    return {
        f"{split}/{name}/{i:04}.jpg": jpeg((20 * label, 80 * i, 7))
        for split, count in (("train", 3), ("test", 1))
        for label, name in enumerate(CLASSES)
        for i in range(count)
    }


def write_tar(path, tree, prefix=""):
    with tarfile.open(path, "w:" + {".xz": "xz", ".gz": "gz", ".tgz": "gz"}.get(path.suffix, "")) as tar:
        for name in reversed(tree):
            add(tar, prefix + name, tree[name])


def check_copy(data):
    assert data.label == "CIFAR-10 (JPEG copy)"
    assert data.classes == CLASSES
    assert data.train_labels.tolist() == [*range(10)] * 3  # the classes take turns
    assert data.test_labels.tolist() == [*range(10)]
    mean = data.train_images.mean(axis=(1, 2))
    expected = [[20 * label, 80 * i, 7] for i in range(3) for label in range(10)]
    assert np.abs(mean - expected).max() < 5  # JPEG loses a little
