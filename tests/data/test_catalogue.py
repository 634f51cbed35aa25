"""The catalogue of data sets: a new one, in a known format, is one entry."""

import dataclasses

import numpy as np
import pytest
from data_files import isolate, write_idx

from bsff.cli import main
from bsff.config import DATASETS, OWN, DataConfig, DataSet, load, override
from bsff.contract.geometry import geometry
from bsff.data import load_dataset
from bsff.data.load import READERS
from bsff.errors import DataError
from bsff.studies.report.tables import label_of

CLASSES = {"cifar100": 100, "emnist-letters": 26, "emnist-balanced": 47}


@pytest.mark.parametrize("entry", [e for e in DATASETS.values() if e.name != OWN], ids=lambda entry: entry.name)
def test_entries_are_whole(entry):
    assert entry.format in READERS
    assert bool(entry.files or entry.home) == bool(entry.folders)
    assert len(entry.classes) == len(set(entry.classes)) == CLASSES.get(entry.name, 10)
    assert len(entry.first_labels) in (0, 10)
    assert entry.source


LETTERS = DataSet(
    name="letters",
    title="Letters",
    shape=(28, 28, 1),
    format="idx",
    classes=tuple("ABCDEFGHIJ"),
    source="made here",
    folders=("letters",),
    files=(("http://127.0.0.1/none", "0"),),
)


def test_one_entry_adds_a_data_set(tmp_path, monkeypatch, capsys):
    isolate(tmp_path, monkeypatch)
    monkeypatch.setitem(DATASETS, "letters", LETTERS)
    arrays = write_idx(tmp_path / "letters")
    config = override(load("mnist-small"), ["data.dataset=letters", "data.test_samples=2"])
    assert geometry(config).pixels == (28, 28, 1)
    data = load_dataset(config.data, folder=tmp_path)
    assert (data.name, data.label, data.classes[1]) == ("letters", "Letters", "B")
    assert np.array_equal(data.train_images[..., 0], arrays["train-images-idx3-ubyte"])
    assert label_of("data.dataset", "letters") == "Letters"
    assert main(["config", "check", "mnist-small", "--set", "data.dataset=letters"]) == 0
    assert main(["config", "check", "mnist-small", "--set", "data.dataset=signs"]) == 2
    assert 'expected one of "digits", "mnist", "fashion", "cifar10", "cifar100", ' in capsys.readouterr().err


def test_names_of_cifar100():
    names = DATASETS["cifar100"].classes
    assert list(names) == sorted(names)  # the order of the official labels
    assert (names[19], names[46], names[99]) == ("cattle", "man", "worm")


def test_images_of_another_size_are_refused(tmp_path, monkeypatch):
    isolate(tmp_path, monkeypatch)
    monkeypatch.setitem(DATASETS, "letters", dataclasses.replace(LETTERS, shape=(32, 32, 1)))
    write_idx(tmp_path / "letters")
    with pytest.raises(DataError, match=r"images of \(28, 28\), expected \(32, 32\)"):
        load_dataset(DataConfig(dataset="letters"), folder=tmp_path)
