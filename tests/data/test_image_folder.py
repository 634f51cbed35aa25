"""Own images in folders: layouts, what is passed over, and what is refused with its name."""

import os
import threading

import numpy as np
import pytest
from data_files import jpeg
from PIL import Image

from bsff.config import DataConfig
from bsff.data import lazy, load_dataset
from bsff.errors import DataError


def load(path, **keys):
    return load_dataset(DataConfig(dataset="own", path=str(path), **keys))


def write(folder, name, value=0, size=(6, 4), mode="L"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path)
    return path


def make(folder, parts=("",), classes=("cat", "dog"), count=5):
    for p, part in enumerate(parts):
        for label, name in enumerate(classes):
            for i in range(count):
                write(folder, f"{part}/{name}/{i}.png".lstrip("/"), 100 * p + 20 * label + i)
    return folder


def test_classes_in_folders_are_split(tmp_path):
    data = load(make(tmp_path / "pets"))
    assert (data.label, data.classes) == ("pets", ("cat", "dog"))
    assert data.train_images.shape == (8, 4, 6, 1)
    assert np.bincount(data.test_labels).tolist() == [1, 1]
    values = {*data.train_images[:, 0, 0, 0].tolist(), *data.test_images[:, 0, 0, 0].tolist()}
    assert values == {*range(5), *range(20, 25)}
    assert (data.train_images[:, 0, 0, 0] // 20 == data.train_labels).all()


@pytest.mark.parametrize(
    ("parts", "used"),
    [
        (("train", "test"), ""),
        (("Training", "Testing"), ""),
        (("train", "val"), "val"),
        (("train", "valid"), "valid"),
        (("train", "validation"), "validation"),
    ],
)
def test_two_parts(tmp_path, capsys, parts, used):
    data = load(make(tmp_path / "pets", parts))
    assert data.train_images[:, 0, 0, 0].tolist() == [20 * label + i for i in range(5) for label in range(2)]
    assert data.train_labels.tolist() == [0, 1] * 5  # the classes take turns
    assert data.test_images[:, 0, 0, 0].tolist() == [100 + 20 * label + i for i in range(5) for label in range(2)]
    assert data.label == ("pets" + (f", tested on {used}/" if used else ""))
    assert capsys.readouterr().err == (
        f"bsff: {tmp_path}/pets: no test/, {used}/ is used for testing\n" if used else ""
    )


def test_test_before_val_and_train_alone(tmp_path):
    data = load(make(tmp_path / "a", ("train", "val", "test")))
    assert data.test_images.min() == 200
    data = load(make(tmp_path / "b", ("train",)))
    assert (len(data.train_images), len(data.test_images)) == (8, 2)


def test_a_class_called_train(tmp_path):
    assert load(make(tmp_path, classes=("bus", "test", "train"))).classes == ("bus", "test", "train")


def test_what_hides_is_passed_over(tmp_path):
    make(tmp_path)
    for name in (
        "._cat",
        ".DS_Store",
        "__MACOSX/._x.png",
        "cat/.DS_Store",
        "cat/._0.png",
        "dog/Thumbs.db",
        "dog/desktop.ini",
        "README.md",
        ".git/config",
        "@eaDir/x",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    data = load(tmp_path)
    assert data.classes == ("cat", "dog")
    assert len(data.train_images) + len(data.test_images) == 10


def test_colour_if_one_is_in_colour(tmp_path):
    make(tmp_path)
    write(tmp_path, "dog/9.png", (1, 2, 3), mode="RGB")
    data = load(tmp_path)
    assert data.train_images.shape[1:] == (4, 6, 3)
    pixels = {tuple(p) for p in np.concatenate([data.train_images, data.test_images])[:, 0, 0].tolist()}
    assert (1, 2, 3) in pixels
    assert (4, 4, 4) in pixels
    assert load(tmp_path, input=(4, 6, 1)).train_images.shape[1:] == (4, 6, 1)


def test_sizes(tmp_path):
    make(tmp_path)
    write(tmp_path, "dog/9.jpg", 9, size=(60, 50))
    with pytest.raises(DataError, match=r"several sizes, 6 x 4 \(0.png\) and 60 x 50 \(9.jpg\); set data.input = \[h"):
        load(tmp_path)
    data = load(tmp_path, input=(5, 7, 1))
    assert data.train_images.shape[1:] == (5, 7, 1)
    with pytest.raises(DataError, match=r"data.input = \[5, 7, 2\]: expected 1 colour \(grey\) or 3"):
        load(tmp_path, input=(5, 7, 2))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda d: (d / "train/cat/notes.txt").write_text("x"),
            r"train/cat/notes.txt: no image among those of a class",
        ),
        (lambda d: (d / "train/cat/deep").mkdir(), r"train/cat/deep: no image among those of a class"),
        (lambda d: (d / "train/cow").mkdir(), r"train/cow: a class without images; add some or remove"),
        (
            lambda d: write(d, "train/cow/1.png"),
            r"class cow is in train/ only; expected the same classes in train/ and test/",
        ),
        (lambda d: write(d, "test/emu/1.png"), r"class emu is in test/ only"),
        (lambda d: (d / "test/dog/1.png").write_bytes(b"x"), r"test/dog/1.png: cannot be decoded as an image"),
        (lambda d: (d / "test/dog/1.png").write_bytes(b""), r"test/dog/1.png: cannot be decoded as an image"),
        (
            lambda d: (d / "test/dog/1.jpg").write_bytes(jpeg(0)[:-300]),
            r"test/dog/1.jpg: cannot be decoded as an image",
        ),
        (lambda d: write(d, "train/1.png"), r"train/1.png: an image outside the folders of the classes"),
        (lambda d: os.mkfifo(d / "train/cat/x.png"), r"train/cat/x.png: no image among those"),
        (lambda d: (d / "train/cat/x.png").symlink_to("x.png"), r"train/cat/x.png: no image among those"),
        (lambda d: (d / "train/loop").symlink_to(d), r"train/loop/test: no image among those of a class"),
        (lambda d: (d / "train").rename(d / "other"), r"test/ but no train/; expected folders CLASS"),
    ],
)
def test_refused(tmp_path, change, text):
    change(make(tmp_path, ("train", "test")))
    with pytest.raises(DataError, match=text):
        load(tmp_path)


def test_empty_and_single(tmp_path):
    with pytest.raises(DataError, match="no images; expected folders CLASS"):
        load(tmp_path)
    make(tmp_path, classes=("cat",))
    with pytest.raises(DataError, match=r"found 1 classes \(cat\), expected 2 to 256"):
        load(tmp_path)


def test_loops_of_links_do_not_hang(tmp_path):
    make(tmp_path, ("train", "test"))
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "up").symlink_to(tmp_path)
    (tmp_path / "train" / "me").symlink_to("me")
    done = []
    thread = threading.Thread(target=lambda: done.append(load(tmp_path).classes), daemon=True)
    thread.start()
    thread.join(30)
    assert done == [("cat", "dog")]


def test_without_pillow(tmp_path, monkeypatch):
    def absent(module):
        raise ImportError(f"No module named '{module}'")

    make(tmp_path)
    monkeypatch.setattr(lazy, "import_module", absent)
    with pytest.raises(DataError, match=r"reading .*0.png needs pillow, .*bsff\[train\]"):
        load(tmp_path)
