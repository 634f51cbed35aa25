"""CIFAR-10 as a folder or an archive of images."""

import pytest
from data_files import check_copy, check_official, isolate, jpeg, make_records, make_tree, python2_pickle, write_tar

from bsff.config import DataConfig
from bsff.data import load_dataset
from bsff.errors import DataError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    return isolate(tmp_path, monkeypatch)


@pytest.fixture
def records(monkeypatch):
    return make_records(monkeypatch)


@pytest.fixture
def tree(monkeypatch):
    return make_tree(monkeypatch)


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
