"""The cache of decoded images: used while it is right, rebuilt where it is not."""

import os
from functools import partial

import numpy as np
import pytest
from data_files import check_copy, files_in, isolate, make_tree, write_tar

from bsff.config import DataConfig
from bsff.data import cache, cifar, load_dataset


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    return isolate(tmp_path, monkeypatch)


@pytest.fixture
def tree(monkeypatch):
    return make_tree(monkeypatch)


@pytest.fixture
def archive(tmp_path, tree, monkeypatch):
    path = tmp_path / "cifar10-images.tar"
    write_tar(path, tree)
    decoded = []
    original = cifar.decode_tree
    monkeypatch.setattr(cifar, "decode_tree", lambda *a: decoded.append(1) or original(*a))
    return partial(load_dataset, DataConfig(dataset="cifar10"), folder=tmp_path), decoded, path


def test_cache_is_used_until_the_archive_changes(archive, home):
    load, decoded, path = archive
    check_copy(load())
    check_copy(load())
    assert decoded == [1]
    assert len(files_in(home)) == 1
    os.utime(path, (1, 1))
    check_copy(load())
    assert decoded == [1, 1]


@pytest.mark.parametrize(
    "damage",
    [lambda b: b[:-100], lambda b: b[:2000] + bytes([b[2000] ^ 1]) + b[2001:], lambda b: b"", lambda b: b"junk" * 100],
)
def test_damaged_cache_is_rebuilt(archive, home, damage):
    load, decoded, path = archive
    load()
    entry = cache.cache_file(path, home)
    good = entry.read_bytes()
    entry.write_bytes(damage(good))
    check_copy(load())
    assert decoded == [1, 1]
    assert len(entry.read_bytes()) == len(good)
    check_copy(load())
    assert decoded == [1, 1]
    assert files_in(home) == [entry.name]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_no_part_of_a_cache_entry_stays(archive, home, monkeypatch, fault):
    load, decoded, _ = archive
    savez = np.savez

    def interrupted(file, **arrays):
        file.write(b"half of it")
        raise fault

    monkeypatch.setattr(np, "savez", interrupted)
    if fault is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            load()
    else:
        check_copy(load())  # a full disk only costs time
    assert files_in(home) == []
    monkeypatch.setattr(np, "savez", savez)
    check_copy(load())
    assert decoded == [1, 1]


def test_cache_folder_that_cannot_be_made(archive, home):
    home.write_text("a file in its place")
    check_copy(archive[0]())
