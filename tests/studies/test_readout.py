"""What a head could read: regressions on the bits of a trained run."""

from pathlib import Path

import numpy as np
import pytest

from bsff.cli import main as bsff
from bsff.config import load
from bsff.contract.geometry import geometry
from bsff.data import load_dataset
from bsff.errors import ConfigError
from bsff.golden import engine
from bsff.golden.head import inputs as head_inputs
from bsff.machine.initialise import initialise
from bsff.studies import readout
from bsff.studies.readout import Source


def problem(seed: int, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Bits of which the first three tell the class and the others nothing."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count).astype(np.uint8)
    bits = rng.integers(0, 2, (count, 40)).astype(np.uint8)
    bits[:, :3] = np.eye(3)[labels]
    return bits, labels


def test_it_learns_and_a_coarse_unit_costs_accuracy(seed: int) -> None:
    """The finding of decision 050, as small as it gets: rounding does not fall with the step."""
    bits, labels = problem(seed)
    fine, coarse = (
        readout.fit(bits, labels, 3, step=0.01, epochs=20, unit_bits=bits_of_unit) for bits_of_unit in (None, 1)
    )
    found, truth = problem(seed + 1)
    assert (fine.logits(found).argmax(-1) == truth).mean() > 0.99
    assert fine.accuracy > 0.99
    assert np.std(coarse.weights[3:]) > 3 * np.std(fine.weights[3:])
    np.testing.assert_array_equal(coarse.weights * 2, np.round(coarse.weights * 2))


def test_a_seed_determines_it(seed: int) -> None:
    bits, labels = problem(seed)
    first, again, other = (
        readout.fit(bits, labels, 3, step=0.01, epochs=2, unit_bits=8, seed=each).weights for each in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_it_reads_what_the_head_reads() -> None:
    config = load("digits")
    shape = geometry(config)
    data = load_dataset(config.data)
    state = initialise(config, shape, data.train_images)
    made = readout.maps(config, state, data.train_images[:40])
    assert [each.shape for each in made] == [(40, *layer.output) for layer in shape.layers]
    assert all(0 < each.mean() < 1 for each in made)
    assert shape.head is not None
    mine = readout.inputs(made, [Source(source.layer + 1, source.window) for source in shape.head.sources])
    np.testing.assert_array_equal(mine, head_inputs(shape.head, made))


def test_maps_are_those_of_the_machine() -> None:
    """The same logits of the layers as the engine has with learning off."""
    config = load("digits-small")
    shape = geometry(config)
    data = load_dataset(config.data)
    state = initialise(config, shape, data.train_images)
    for part in state.layers:
        part.learn[...] = False
    copy = state.copy()
    readout.maps(config, state, data.train_images[:70])
    engine.run(config, shape, copy, data.train_images[:70], data.train_labels[:70])
    for (name, mine), (_, theirs) in zip(state.arrays(), copy.arrays(), strict=True):
        if name.startswith(("encoder", "layer")):
            np.testing.assert_array_equal(mine, theirs, err_msg=name)


@pytest.mark.parametrize("text", ["", "1/", "x", "1/2/3", "1,,2"])
def test_what_is_no_source_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"expected layers with windows, LAYER\[/WINDOW\]"):
        readout.sources(text)


def test_as_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "digits-small", "--epochs", "1", "--out", str(tmp_path / "whole")]
    assert bsff(words) == 0
    assert readout.main([str(tmp_path / "whole")]) == 2
    assert "leaves nothing to hold out; train with --set data.train_samples=" in capsys.readouterr().err
    assert bsff([*words[:-1], str(tmp_path / "part"), "--set", "data.train_samples=1000"]) == 0
    assert readout.main([str(tmp_path / "part"), "--read", "3"]) == 2
    assert "--read 3: expected layers 1 to 2, windows from 1" in capsys.readouterr().err
    assert readout.main([str(tmp_path / "nothing")]) == 2
    assert "no run there" in capsys.readouterr().err
    asked = [str(tmp_path / "part"), "--read", "1,2/2", "2", "--unit-bits", "12", "--step", "0.01"]
    assert readout.main(asked) == 0
    out = capsys.readouterr().out
    assert "1,000 training samples, 437 held out" in out
    rows = [line for line in out.splitlines() if line.startswith("| 1,2/2") or line.startswith("| 2 ")]
    assert len(rows) == 4
    assert float(rows[0].split("|")[-2]) > 60
