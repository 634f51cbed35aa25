"""IDX files of the user's own, and those of EMNIST, which share a folder, are transposed and count from 1."""

import gzip

import numpy as np
import pytest
from data_files import idx, isolate, write_idx

from bsff.config import DATASETS, DataConfig
from bsff.data import load_dataset
from bsff.data.idx_folder import FILES
from bsff.errors import DataError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    return isolate(tmp_path, monkeypatch)


def own(path, **keys):
    return load_dataset(DataConfig(dataset="own", path=str(path), **keys))


def named(prefix="", test="test"):
    return [prefix + name.replace("t10k", test) for name in FILES]


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("test", ["test", "t10k"])
@pytest.mark.parametrize("prefix", ["", "signs-"])
def test_any_size_and_number_of_classes(tmp_path, suffix, test, prefix):
    names = named(prefix, test)
    arrays = write_idx(tmp_path / "d", names=names, suffix=suffix, size=(3, 9), train=60, test=26, first=range(26))
    data = own(tmp_path / "d")
    assert data.classes == tuple(map(str, range(26)))
    assert data.label == "d"
    assert data.train_images.shape == (60, 3, 9, 1)
    for key, name in zip(("train_images", "train_labels", "test_images", "test_labels"), names, strict=True):
        assert np.array_equal(np.squeeze(getattr(data, key)), arrays[name])


def test_mixed_plain_and_gz_and_dots(tmp_path):
    arrays = write_idx(tmp_path, suffix="")
    (tmp_path / f"{FILES[0]}.gz").write_bytes(gzip.compress((tmp_path / FILES[0]).read_bytes()))
    (tmp_path / FILES[0]).unlink()
    (tmp_path / FILES[3]).rename(tmp_path / "t10k-labels.idx1-ubyte")
    for config in (DataConfig(dataset="own", path=str(tmp_path)), DataConfig(dataset="mnist")):
        data = load_dataset(config, folder=tmp_path)
        assert np.array_equal(data.train_images[..., 0], arrays[FILES[0]])
        assert len(data.test_labels) == 5


def test_gz_before_plain(tmp_path):
    arrays = write_idx(tmp_path, train=12)
    write_idx(tmp_path, train=9, suffix="")
    assert np.array_equal(own(tmp_path).train_images[..., 0], arrays[FILES[0]])


def test_without_a_test_pair_a_fifth_is_split_off(tmp_path):
    write_idx(tmp_path, names=FILES[:2], train=30)
    data = own(tmp_path)
    assert (len(data.train_labels), len(data.test_labels)) == (24, 6)
    assert data.classes == ("1", "2", "3")  # counted from 1


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda d: (d / FILES[1]).unlink(), f"missing {FILES[1]}; expected images and labels, each plain or .gz"),
        (lambda d: (d / FILES[2]).unlink(), f"missing {FILES[2]}; expected"),
        (
            lambda d: write_idx(d, names=named("b-")),
            r"IDX files of 2 data sets \(beginning with the split, b-\), expected",
        ),
        (lambda d: (d / FILES[1]).write_bytes(idx(np.zeros(3, np.uint8))), "3 labels, expected 12, one per image"),
        (
            lambda d: (d / FILES[1]).write_bytes(idx(np.arange(12, dtype=np.uint8) % 2 * 2)),
            "labels 0 to 2 with gaps: .* 1;",
        ),
        (lambda d: (d / FILES[3]).write_bytes(idx(np.full(5, 9, np.uint8))), "test: label 9 is none of the 3 classes"),
        (
            lambda d: (d / FILES[2]).write_bytes(idx(np.zeros((5, 9, 9), np.uint8))),
            r"samples are uint8 \(9, 9, 1\), expected",
        ),
        (lambda d: (d / FILES[0]).write_bytes(b"x"), "truncated: found 1 bytes"),
    ],
)
def test_refused(tmp_path, change, text):
    write_idx(tmp_path / "d", suffix="")
    change(tmp_path / "d")
    with pytest.raises(DataError, match=text):
        own(tmp_path / "d")


@pytest.mark.parametrize("folder", ["EMNIST/raw", "emnist/gzip", "gzip", "emnist", "."])
@pytest.mark.parametrize(("split", "first", "count"), [("letters", 1, 26), ("balanced", 0, 47)])
def test_emnist(tmp_path, folder, split, first, count):
    labels = range(first, first + count)
    arrays = {}
    for name in ("digits", "letters", "balanced"):
        made = write_idx(tmp_path / folder, names=named(f"emnist-{name}-"), train=94, test=47, first=labels)
        arrays = made if name == split else arrays
    data = load_dataset(DataConfig(dataset=f"emnist-{split}"), folder=tmp_path)
    train = f"emnist-{split}-train-images-idx3-ubyte"
    assert np.array_equal(data.train_images[..., 0], arrays[train].transpose(0, 2, 1))
    assert data.train_images.flags.c_contiguous
    assert data.train_labels[:count].tolist() == list(range(count))
    assert len(data.classes) == count


def test_emnist_labels_and_where_to_get_it(tmp_path):
    names = named("emnist-letters-")
    text = (
        rf"EMNIST Letters: missing {names[0]}.gz, .*{names[3]}.gz; looked in .*; it is not downloaded, get it from "
        "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    )
    with pytest.raises(DataError, match=text):
        load_dataset(DataConfig(dataset="emnist-letters"), folder=tmp_path)
    with pytest.raises(DataError, match=text):
        load_dataset(DataConfig(dataset="emnist-letters"))
    for first, error in (
        ((0, 1), "label 0 of sample 0, expected 1 to 26"),
        ((1, 27), "label 26 of sample 1, expected 0 to 25"),
    ):
        write_idx(tmp_path, names=names, first=first)
        with pytest.raises(DataError, match=error):
            load_dataset(DataConfig(dataset="emnist-letters"), folder=tmp_path)
    assert DATASETS["emnist-balanced"].classes[36:] == tuple("abdefghnqrt")
