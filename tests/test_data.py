"""Loading data: every format, every fault that a file can have, and what the user is told."""

import gzip
import hashlib
import io
import os
import pickle
import struct
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from bsff.config import DataConfig
from bsff.data import Dataset, batches, cache, cifar, digits, download, images, lazy, load_dataset
from bsff.data.idx import FILES, FIRST_LABELS, read_idx
from bsff.data.whiten import whiten
from bsff.errors import DataError

REAL = Path(os.environ.get("BSFF_DATA") or Path(__file__).parents[2] / "shared" / "data")
CLASSES = cifar.CLASS_NAMES


def real(name):
    return pytest.mark.skipif(not (REAL / name).is_dir(), reason=f"no {name}/ in {REAL}; set BSFF_DATA")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """No test sees the user's own folders, and none reaches the network unless it asks to."""
    folder = tmp_path / "home"
    for module in ("cifar", "load"):
        monkeypatch.setattr(f"bsff.data.{module}.cache_folder", lambda: folder)
    monkeypatch.delenv("BSFF_DATA", raising=False)
    monkeypatch.setattr("pooch.retrieve", lambda *_, **__: pytest.fail("a download was tried"))
    return folder


def files_in(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


# IDX ------------------------------------------------------------------------------------------------------------


def idx(array):
    return struct.pack(f">I{array.ndim}I", 0x0800 + array.ndim, *array.shape) + array.tobytes()


def write_idx(folder, *, train=12, test=5, suffix=".gz", first=(1, 2, 3)):
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {}
    for name in FILES:
        count = train if name.startswith("train") else test
        array = (
            rng.integers(0, 256, (count, 28, 28), np.uint8)
            if "images" in name
            else (np.resize(np.array(first, dtype=np.uint8), count))
        )
        (folder / (name + suffix)).write_bytes(gzip.compress(idx(array)) if suffix else idx(array))
        arrays[name] = array
    return arrays


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(
    ("name", "sub"),
    [
        ("mnist", "mnist"),
        ("mnist", "MNIST/raw"),
        ("mnist", "."),
        ("fashion", "fashion-mnist"),
        ("fashion", "fashion"),
        ("fashion", "."),
    ],
)
def test_idx_folders(tmp_path, name, sub, suffix):
    arrays = write_idx(tmp_path / sub, suffix=suffix)
    data = load_dataset(DataConfig(dataset=name), folder=tmp_path)
    assert data.name == name
    assert data.label == {"mnist": "MNIST", "fashion": "Fashion-MNIST"}[name]
    assert data.train_images.shape == (12, 28, 28, 1)
    assert data.train_images.dtype == data.test_labels.dtype == np.uint8
    for key, name_ in zip(("train_images", "train_labels", "test_images", "test_labels"), FILES, strict=True):
        assert np.array_equal(np.squeeze(getattr(data, key)), arrays[name_])
    data.train_images[0] = 0  # must be writable


GOOD = idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))


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
        ("a.gz", gzip.compress(GOOD)[:-12], "truncated: the gzip data ends too early"),
        ("a.gz", gzip.compress(GOOD)[:-8] + b"\0" * 8, "damaged gzip data (CRC check failed"),
        ("a.gz", gzip.compress(GOOD)[:10] + b"\xff" * 30, "damaged gzip data (Error -3"),
        ("a.gz", gzip.compress(GOOD[:-2]), "truncated: found 22 bytes after the header"),
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
    write_idx(tmp_path, first=FIRST_LABELS["fashion"])
    with pytest.raises(DataError, match=r"these are the labels of Fashion-MNIST, expected MNIST; name a folder"):
        load_dataset(DataConfig(dataset="mnist"), folder=tmp_path)
    assert load_dataset(DataConfig(dataset="fashion"), folder=tmp_path).label == "Fashion-MNIST"


# Folders, limits, download --------------------------------------------------------------------------------------


def test_missing_files_in_a_given_folder(tmp_path, monkeypatch):
    write_idx(tmp_path / "mnist")
    (tmp_path / "mnist" / f"{FILES[2]}.gz").unlink()
    text = (
        f"MNIST: missing {FILES[2]}.gz; looked in {tmp_path}/mnist, {tmp_path}/MNIST/raw, {tmp_path}; put them "
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


@pytest.fixture
def server(tmp_path, monkeypatch, home):
    """Serve synthetic MNIST files on this machine, through pooch as it is."""
    monkeypatch.undo()
    monkeypatch.setattr("bsff.data.load.cache_folder", lambda: home)
    monkeypatch.delenv("BSFF_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = tmp_path / "server"
    write_idx(folder)
    handler = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as http:
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setitem(
            download.FILES,
            "mnist",
            tuple(
                (
                    f"http://127.0.0.1:{http.server_port}/{name}.gz",
                    hashlib.md5((folder / f"{name}.gz").read_bytes()).hexdigest(),
                )
                for name in FILES
            ),
        )
        yield folder
        http.shutdown()


def test_download_once(server, home):
    first = load_dataset(DataConfig(dataset="mnist"))
    assert files_in(home) == sorted(f"mnist/{name}.gz" for name in FILES)
    for name in FILES:
        (server / f"{name}.gz").unlink()
    assert np.array_equal(load_dataset(DataConfig(dataset="mnist")).train_images, first.train_images)


@pytest.mark.parametrize("fault", ["absent", "checksum"])
def test_download_failure_leaves_nothing_behind(server, home, fault):
    bad = server / f"{FILES[1]}.gz"
    _ = bad.unlink() if fault == "absent" else bad.write_bytes(bad.read_bytes() + b"x")
    with pytest.raises(DataError) as error:
        load_dataset(DataConfig(dataset="mnist"))
    message = str(error.value)
    assert f"/{FILES[1]}.gz: download failed ({'HTTPError' if fault == 'absent' else 'ValueError: MD5 hash'}" in message
    assert f"MNIST: missing {FILES[0]}.gz, {FILES[1]}.gz, " in message
    assert f"put them into {home}/mnist, or name the folder" in message
    assert files_in(home) == [f"mnist/{FILES[0]}.gz"]  # came whole, before the other failed


@pytest.mark.parametrize("name", ["mnist", "fashion", "cifar10"])
def test_network_out_of_reach(monkeypatch, home, name):
    def offline(url, known_hash, fname, path):
        assert known_hash.startswith("md5:")
        assert url.endswith(fname)
        raise ConnectionError("Name or service not known")

    monkeypatch.setattr("pooch.retrieve", offline)
    with pytest.raises(DataError, match=r"^http.*: download failed \(ConnectionError: Name or .*missing .* --data DIR"):
        load_dataset(DataConfig(dataset=name))
    assert not home.exists()


def test_a_package_that_is_not_installed(monkeypatch, tmp_path):
    def absent(module):
        raise ImportError(f"No module named '{module}'")

    monkeypatch.setattr(lazy, "import_module", absent)
    with pytest.raises(DataError, match=r'"digits" needs scikit-learn, which.*; run: pip install "bsff\[train\]"'):
        load_dataset(DataConfig())
    with pytest.raises(DataError, match=r"needs pooch, .*bsff\[train\]"):
        download.fetch("mnist", tmp_path, download.MissingFilesError(""))
    with pytest.raises(DataError, match=r"decoding the images of .* needs pillow, .*bsff\[train\]"):
        images.decode(tmp_path, [])


# Digits, whiten, Dataset ----------------------------------------------------------------------------------------


def test_digits():
    data = load_dataset(DataConfig())
    assert data.train_images.shape == (1437, 8, 8, 1)
    assert data.test_images.shape == (360, 8, 8, 1)
    assert set(np.unique(data.train_images)) == {(v * 255 + 8) // 16 for v in range(17)}
    share = np.bincount(data.test_labels) / (np.bincount(data.test_labels) + np.bincount(data.train_labels))
    assert np.abs(share - 360 / 1797).max() < 0.004
    # Results are only comparable while the split never changes.
    content = data.test_images.tobytes() + data.test_labels.tobytes()
    assert hashlib.md5(content).hexdigest() == "511ac067c154ca2bdccdbd04b7a1d652"
    assert np.bincount(data.train_labels[:200]).min() >= 10  # no class crowds the start


def test_split():
    labels = np.repeat(np.arange(10), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]).astype(np.uint8)
    train, test = digits.split(labels, 360, 0)
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(1797))
    assert len(test) == 360
    assert np.array_equal(digits.split(labels, 360, 0)[1], test)
    assert not np.array_equal(digits.split(labels, 360, 1)[1], test)


def test_whiten():
    x = np.random.default_rng(1).integers(0, 256, (410, 5, 6, 3), np.uint8)
    z = (x - x.mean(axis=(1, 2), keepdims=True)) / x.std(axis=(1, 2), keepdims=True)
    y = whiten(x)
    assert y.dtype == np.uint8
    assert np.abs(y - np.clip(127.5 + 51 * z, 0, 255)).max() <= 0.5 + 1e-9
    assert np.array_equal(whiten(x[7:8]), y[7:8])
    flat = np.full((1, 4, 4, 1), 200, np.uint8)
    assert (whiten(flat) == 128).all()
    flat[0, 0, 0, 0] = 255  # z = sqrt(15), beyond the range; the rest at -1/sqrt(15)
    assert sorted(set(whiten(flat).ravel().tolist())) == [114, 255]
    with pytest.raises(DataError, match=r"whiten: images are float64 \(2, 2\), expected uint8"):
        whiten(np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"classes": ("a", "b")}, "found 2 classes (a, b), expected 10"),
        ({"train_images": np.zeros((4, 2, 2, 2), np.uint8)}, "X, train: images are uint8 (4, 2, 2, 2), expected uint8"),
        ({"train_images": np.zeros((4, 2, 2, 1))}, "X, train: images are float64"),
        ({"test_images": np.zeros((0, 2, 2, 1), np.uint8)}, "X, test: images are uint8 (0, 2, 2, 1)"),
        ({"test_labels": np.zeros(4, np.int64)}, "X, test: labels are int64 (4,), expected uint8 (samples,)"),
        ({"test_labels": np.zeros(3, np.uint8)}, "X, test: 4 images but 3 labels"),
        ({"test_labels": np.array([0, 1, 12, 0], np.uint8)}, "X, test: label 12 of sample 2, expected 0 to 9"),
        ({"test_images": np.zeros((4, 3, 2, 1), np.uint8)}, "training images are (2, 2, 1), test images (3, 2, 1)"),
    ],
)
def test_dataset_checks(changes, text):
    pixels, labels = np.zeros((4, 2, 2, 1), np.uint8), np.zeros(4, np.uint8)
    fields = {
        "name": "x",
        "label": "X",
        "train_images": pixels,
        "train_labels": labels,
        "test_images": pixels,
        "test_labels": labels,
        "classes": tuple("0123456789"),
    }
    Dataset(**fields)
    with pytest.raises(DataError) as error:
        Dataset(**{**fields, **changes})
    assert text in str(error.value)


# CIFAR-10, official versions ------------------------------------------------------------------------------------


@pytest.fixture
def records(monkeypatch):
    """Six synthetic batches of four records: (labels, planes)."""
    monkeypatch.setattr(batches, "RECORDS", 4)
    rng = np.random.default_rng(2)
    return {
        name: (rng.integers(0, 10, 4).tolist(), rng.integers(0, 256, (4, 3072), np.uint8)) for name in batches.FILES
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
    train = [records[name] for name in batches.FILES[:5]]
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
        for name in reversed(batches.FILES):
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
        batches.parse_pickle("here", content)
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
def test_pickle_faults(records, content, text):
    with pytest.raises(DataError) as error:
        batches.parse_pickle("here", content)
    assert str(error.value).startswith("here: ")
    assert text in str(error.value)


# CIFAR-10 as images ---------------------------------------------------------------------------------------------


def jpeg(value, size=(32, 32), mode="RGB", form="JPEG"):
    from PIL import Image

    file = io.BytesIO()
    Image.new(mode, size, value).save(file, form)
    return file.getvalue()


@pytest.fixture
def tree(monkeypatch):
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


@pytest.mark.parametrize(
    ("file", "prefix"),
    [
        ("cifar10-jpeg/cifar10-images.tar.xz", ""),
        ("cifar10-images.tar", "./"),
        ("cifar10-images.tgz", "top/"),
        ("CIFAR-10-images-master.tar.gz", "CIFAR-10-images-master/"),
    ],
)
def test_image_tar(tmp_path, tree, file, prefix):
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    tree["README.md"] = tree["train/cat/._0000.jpg"] = tree["a/b/train/cat/0000.jpg"] = b"ignored"
    write_tar(path, tree, prefix)
    check_copy(load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path))


@pytest.mark.parametrize("sub", [".", "cifar10", "CIFAR-10-images"])
def test_image_folder(tmp_path, tree, sub, home):
    for name, content in tree.items():
        (tmp_path / sub / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / sub / name).write_bytes(content)
    check_copy(load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path))
    assert not home.exists()
    (tmp_path / sub / "train/frog/0001.jpg").unlink()
    with pytest.raises(DataError, match=r"2 images in train/frog, expected 3; copy or download the images again"):
        load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"train/cat/0001.jpg": b"no image"}, "train/cat/0001.jpg cannot be decoded as JPEG (cannot identify"),
        ({"train/cat/0001.jpg": jpeg(0)[:-300]}, "train/cat/0001.jpg cannot be decoded as JPEG"),
        ({"train/cat/0001.jpg": jpeg(0)[:-9]}, "train/cat/0001.jpg cannot be decoded as JPEG (image file is truncated"),
        ({"train/cat/0001.jpg": jpeg(0, form="PNG")}, "train/cat/0001.jpg cannot be decoded as JPEG"),
        ({"test/cat/0000.jpg": jpeg(0, size=(32, 31))}, "test/cat/0000.jpg has 32 x 31 pixels, expected 32 x 32"),
        ({"test/cat/0000.jpg": bytes((1 << 20) + 1)}, "test/cat/0000.jpg has 1048577 bytes, expected at most 1048576"),
        ({"test/cat/0001.jpg": jpeg(0)}, "2 images in test/cat, expected 1"),
        ({"test/cow/0000.jpg": jpeg(0)}, "for test: airplane, automobile, bird, cat, cow, "),
        ({"x/train/cat/0000.jpg": jpeg(0)}, "2 trees of images (., x), expected one"),
    ],
)
def test_image_faults(tmp_path, tree, changes, text, home):
    path = tmp_path / "cifar10-images.tar"
    write_tar(path, {**tree, **changes})
    with pytest.raises(DataError) as error:
        load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path)
    assert str(error.value).startswith(f"{path}: ")
    assert text in str(error.value)
    assert not home.exists()


def test_grey_images_and_other_classes(tmp_path, tree):
    renamed = {name.replace("cat", "zebra"): content for name, content in tree.items()}
    write_tar(tmp_path / "cifar10-images.tar", {**renamed, "train/zebra/9.jpg": jpeg(9, mode="L")})
    data = load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path)
    assert data.label == "images of cifar10-images.tar"  # never CIFAR-10
    assert data.classes[-1] == "zebra"
    assert data.train_labels.tolist() == [*range(10)] * 3 + [9]
    assert (data.train_images[-1] == 9).all()


@pytest.mark.parametrize("kind", ["xz", "gz", "tar"])
def test_truncated_image_tar(tmp_path, tree, kind):
    path = tmp_path / ("cifar10-images.tar" + ("" if kind == "tar" else f".{kind}"))
    write_tar(path, tree)
    path.write_bytes(path.read_bytes()[: -len(path.read_bytes()) // 3])
    with pytest.raises(DataError, match=r"truncated or not a tar archive|images in |classes for training"):
        load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path)


def test_official_version_is_preferred(tmp_path, records, tree):
    write_tar(tmp_path / "cifar10-images.tar", tree)
    (tmp_path / "cifar-10").mkdir()
    for name, batch in records.items():
        (tmp_path / "cifar-10" / name).write_bytes(python2_pickle(*batch))
    check_official(load_dataset(DataConfig(dataset="cifar10"), folder=tmp_path), records)


# Cache ----------------------------------------------------------------------------------------------------------


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


# The real files -------------------------------------------------------------------------------------------------


@real("mnist")
def test_real_mnist():
    data = load_dataset(DataConfig(dataset="mnist"), folder=REAL)
    assert data.train_images.shape == (60000, 28, 28, 1)
    assert data.test_images.shape == (10000, 28, 28, 1)
    header = struct.pack(">4I", 0x803, 60000, 28, 28)
    assert hashlib.md5(header + data.train_images.tobytes()).hexdigest() == "6bbc9ace898e44ae57da46a324031adb"
    assert np.bincount(data.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert tuple(data.train_labels[:10].tolist()) == FIRST_LABELS["mnist"]


@real("fashion-mnist")
def test_real_fashion():
    data = load_dataset(DataConfig(dataset="fashion"), folder=REAL)
    assert data.train_images.shape == (60000, 28, 28, 1)
    assert np.bincount(data.train_labels).tolist() == [6000] * 10
    assert np.bincount(data.test_labels).tolist() == [1000] * 10
    assert tuple(data.train_labels[:10].tolist()) == FIRST_LABELS["fashion"]
    with pytest.raises(DataError, match="these are the labels of Fashion-MNIST"):
        load_dataset(DataConfig(dataset="mnist"), folder=REAL / "fashion-mnist")


@pytest.mark.slow
@real("cifar10-jpeg")
def test_real_cifar_copy():
    """Decoding all 60,000 takes about 15 s (measured on two cores), so only some are decoded here."""
    path = REAL / "cifar10-jpeg" / "cifar10-images.tar.xz"
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
