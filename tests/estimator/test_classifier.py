"""What a `Classifier` promises: bits of `bsff train`, early stopping, going on, one file, sentences."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from machines import unequal
from own_sets import pictures
from sklearn.datasets import load_wine

from bsff import Classifier
from bsff.cli import main
from bsff.config import dumps
from bsff.config.architecture import architecture
from bsff.errors import CheckpointError, ConfigError
from bsff.estimator.base import NotFittedError
from bsff.training.run import RunDirectory


@pytest.fixture(scope="module")
def wine() -> tuple[np.ndarray, np.ndarray]:
    samples, labels = load_wine(return_X_y=True)
    return samples, np.array(["first", "second", "third"])[labels]


@pytest.fixture(scope="module")
def learnt(wine: tuple[np.ndarray, np.ndarray]) -> Classifier:
    return Classifier(device="emulated", epochs=5).fit(*wine)


def test_fit_ends_with_the_bits_of_bsff_train(tmp_path: Path, rng: np.random.Generator) -> None:
    images, labels = pictures(4, 80, (8, 8, 1), rng)
    model = Classifier(device="emulated", epochs=2, seed=3).fit(images[:60], labels[:60])
    np.savez(
        tmp_path / "own.npz",
        train_images=images[:60],
        train_labels=labels[:60],
        test_images=images[60:],
        test_labels=labels[60:],
    )
    (tmp_path / "own.toml").write_text(dumps(model.config_))
    command = ["train", str(tmp_path / "own.toml"), "--set", f"data.path={tmp_path / 'own.npz'}"]
    assert main([*command, "--device", "emulated", "--out", str(tmp_path / "run")]) == 0
    _, state, _ = RunDirectory(tmp_path / "run").load()
    assert unequal(state, model.state_) == []


def test_a_saved_model_goes_on_anywhere(
    tmp_path: Path, wine: tuple[np.ndarray, np.ndarray], learnt: Classifier
) -> None:
    path = tmp_path / "wine.bsff"
    learnt.save(path)
    other = Classifier.load(path, device="emulated")
    expected = learnt.predict_proba(wine[0])
    np.testing.assert_array_equal(other.predict_proba(wine[0]), expected)
    assert other.predict(wine[0]).tolist() == learnt.predict(wine[0]).tolist()
    assert other.history_ == learnt.history_
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(learnt)).predict_proba(wine[0]), expected)
    for model in (other, again := Classifier.load(path, device="emulated")):
        model.partial_fit(wine[0][:20], wine[1][:20])
    assert unequal(other.state_, again.state_) == []
    assert unequal(other.state_, learnt.state_) != []
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(CheckpointError, match="not a checkpoint, or damaged"):
        Classifier.load(path)


def test_a_new_class_is_learnt_on_the_fly(rng: np.random.Generator) -> None:
    images, labels = pictures(5, 500, (8, 8, 1), rng)
    old = labels < 4
    model = Classifier(device="emulated", partial_step=1.0)
    model.partial_fit(images[old], labels[old], classes=range(5))
    assert model.score(images[~old], labels[~old]) < 0.1
    for _ in range(4):
        model.partial_fit(images, labels)
    assert model.score(images[~old], labels[~old]) > 0.9
    assert model.score(images[old], labels[old]) > 0.9
    with pytest.raises(ValueError, match=r"label 7: expected one of \[0, 1, 2, 3, 4\]"):
        model.partial_fit(images[:1], [7])
    with pytest.raises(ValueError, match="which cannot change"):
        model.partial_fit(images[:1], [1], classes=[0, 1])


def test_it_stops_early_and_returns_to_the_best(wine: tuple[np.ndarray, np.ndarray]) -> None:
    states = []
    model = Classifier(
        device="emulated",
        epochs=60,
        validation=0.3,
        patience=2,
        callbacks=[lambda record: states.append(record["epoch"])],
    ).fit(*wine)
    scores = [record["test"]["head"] for record in model.history_]
    best = int(np.argmax(scores))
    assert len(scores) == best + 3 < 60
    assert states == list(range(1, len(scores) + 1))
    # the machine is that of the best epoch, as one that was stopped there shows
    stopped = Classifier(
        device="emulated", epochs=60, validation=0.3, callbacks=[lambda record: record["epoch"] == best + 1]
    ).fit(*wine)
    assert unequal(model.state_, stopped.state_) == []


def test_what_is_missing_is_said(wine: tuple[np.ndarray, np.ndarray], learnt: Classifier, tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        Classifier().save(tmp_path / "no.bsff")
    with pytest.raises(ConfigError, match="no such configuration"):
        Classifier("tiny", device="emulated").fit(*wine)
    with pytest.raises(ValueError, match="patience = 3: expected at least 1, and validation above 0"):
        Classifier(patience=3).fit(*wine)
    with pytest.raises(ValueError, match="X has 12 features, but Classifier is expecting 13"):
        learnt.predict(wine[0][:, :12])
    with pytest.raises(ValueError, match=r"samples of shape \(13, 1\): expected \(13,\), as those that were learnt"):
        learnt.predict(wine[0][:, :, None])
    with pytest.raises(ValueError, match="y contains 300 classes: the machine tells at most 256 apart"):
        Classifier().fit(np.zeros((300, 2)), np.arange(300))
    with pytest.raises(ConfigError, match=r"layer\[1\].channels = 60: expected a multiple of 7, one group per class"):
        Classifier("digits", device="emulated").fit(np.zeros((14, 8, 8), np.uint8), np.arange(14) % 7)


def test_a_network_that_must_fit_a_board_is_folded_for_it(wine: tuple[np.ndarray, np.ndarray]) -> None:
    model = Classifier(device="emulated", target="pynq-z2", epochs=1).fit(*wine)
    plain = Classifier(device="emulated", epochs=1).fit(*wine)
    assert model.config_.layers[0].banks > plain.config_.layers[0].banks
    assert unequal(model.state_, plain.state_) == []
    with pytest.raises(
        ConfigError, match="target = 'pynq': expected one of xc7z020, ecp5-85k, kv260, zcu104, pynq-z1, pynq-z2"
    ):
        Classifier(device="emulated", target="pynq").fit(*wine)


def test_architectures_follow_the_data() -> None:
    signal = architecture("medium", (1, 128, 3), 6)
    assert [layer.channels for layer in signal.layers] == [42, 120, 240]
    assert [layer.pool for layer in signal.layers] == [2, 2, 2]
    assert [layer.kind for layer in architecture("small", (1, 30, 1), 2, table=True).layers] == ["dense"]
    assert architecture("small", (1, 30, 1), 2, samples=100).training.epochs == 60
    with pytest.raises(ConfigError, match="architecture = 'large': expected one of small, medium"):
        architecture("large", (8, 8, 1), 10)


@pytest.mark.slow
def test_scikit_learn_is_not_needed() -> None:
    program = """
import sys
sys.modules["sklearn"] = None
import numpy as np
from bsff import Classifier
rng = np.random.default_rng(0)
y = np.arange(60) % 3
x = rng.normal(size=(60, 4)) + 3 * np.eye(4)[y]
model = Classifier(device="emulated", epochs=10).fit(x, y)
assert model.score(x, y) > 0.9, model.score(x, y)
assert model.set_params(epochs=2).get_params()["epochs"] == 2
assert "epochs=2" in repr(model)
try:
    Classifier().predict(x)
except ValueError as error:
    assert "not fitted" in str(error)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=300)
