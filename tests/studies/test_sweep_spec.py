"""Specifications and cells of sweeps."""

import dataclasses
from pathlib import Path

import pytest
from sweep_helpers import QUICK, write_spec

from bsff.config import load, override
from bsff.errors import ConfigError
from bsff.studies.sweep import Cell, Results, load_spec
from bsff.studies.sweep.cell import FOLDING, Options


def cells(folder: Path, text: str) -> tuple[Cell, ...]:
    return load_spec(write_spec(folder, text)).cells


def test_a_grid_is_every_combination_with_the_last_key_fastest(tmp_path: Path) -> None:
    found = cells(tmp_path, QUICK + '[grid]\nseed = [3, 4]\n"layer.tile" = [1, 2, 7]\n')
    assert [(c.config.training.seed, c.config.layers[1].tile) for c in found] == [
        (3, 1), (3, 2), (3, 7), (4, 1), (4, 2), (4, 7),
    ]  # fmt: skip


def test_cases_differ_together_and_may_add_to_the_grid(tmp_path: Path) -> None:
    found = cells(
        tmp_path,
        QUICK
        + '[grid]\nseed = [0, 1]\n[[case]]\nlabel = "a"\nlearning_rate = 1\n'
        + '[[case]]\nlabel = "b"\nvariant = "bgbsff"\ngrid.seed = [5]\ngrid.batch_size = [1, 2]\n',
    )
    shown = [(c.options.label, c.options.learning_rate, c.options.batch_size, c.config.training.seed) for c in found]
    assert shown == [("a", 1.0, 50, 0), ("a", 1.0, 50, 1), ("b", 0.005, 1, 5), ("b", 0.005, 2, 5)]
    assert [c.config.layers[0].eligibility for c in found] == ["boxcar", "boxcar", "xor", "xor"]


@pytest.mark.parametrize(
    ("variant", "eligibility"), [("bsff", "surprisal"), ("bgbsff", "xor"), ("boxcar", "boxcar"), ("golden", "boxcar")]
)
def test_a_variant_sets_the_eligibility(tmp_path: Path, variant: str, eligibility: str) -> None:
    (cell,) = cells(tmp_path, f'[base]\nnetwork = "digits"\nvariant = "{variant}"\n')
    assert {layer.eligibility for layer in cell.config.layers} == {eligibility}


def test_settings_are_split_and_network_by_path(tmp_path: Path) -> None:
    write_spec(tmp_path, (Path(__file__).parents[2] / "sw/bsff/networks/digits.toml").read_text(), "mine.toml")
    (cell,) = cells(tmp_path, '[base]\nnetwork = "mine.toml"\n"layer[2].step" = 0.5\nsplit = "test"\n')
    assert [layer.step for layer in cell.config.layers] == [0.03, 0.5]
    assert cell.options.split == "test"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[bas]\n", "bas: unknown key; allowed are title, text, base, grid, case, table, plot"),
        ('[base]\nvariant = "real"\n', "network: missing"),
        (QUICK + "lr = 1\n", "lr: unknown key; allowed are network, variant, split"),
        (QUICK + "batch_size = 0\n", "batch_size = 0: expected a whole number of at least 1"),
        (QUICK + "batch_size = true\n", "batch_size = true: expected a whole number of at least 1"),
        (QUICK + "quantise = 1\n", "quantise = 1: expected true or false"),
        (QUICK.replace('"real"', '"rael"'), 'variant = "rael": expected one of "real", "bsff", "bgbsff", "boxcar", "golden"'),
        (QUICK + '"layer.tile" = 99\n', "tile = 99: expected a whole number from 1 to 15"),
        (QUICK + '[grid]\nseed = 3\n', "grid.seed = 3: expected a list of values"),
        (QUICK + '[[case]]\nepochs = 2\n[[case]]\n"training.epochs" = 2\n', "cells 1 and 2 are the same"),
        ("base = 3\n", "base: expected a table"),
        ("[base\n", "not valid TOML"),
    ],
)  # fmt: skip
def test_faults_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        cells(tmp_path, text)
    assert message in str(caught.value)
    assert "spec.toml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        load_spec(tmp_path / "nowhere.toml")


def test_a_row_holds_every_option_and_key_but_folding() -> None:
    config = load("mnist-small")
    columns = Cell(Options("mnist-small"), config).describe()
    assert {f.name for f in dataclasses.fields(Options)} <= set(columns)
    for section, part in [("data", config.data), ("head", config.head), ("training", config.training)]:
        assert {f"{section}.{f.name}" for f in dataclasses.fields(part)} <= set(columns)
    for number, layer in enumerate(config.layers, 1):
        keys = {f.name for f in dataclasses.fields(layer)}
        assert {f"layer{number}.{key}" for key in keys - set(FOLDING)} <= set(columns)
        assert not {f"layer{number}.{key}" for key in FOLDING} & set(columns)
    assert columns["data.levels"] == "[128]"
    assert columns["layer2.step"] == "0.006"
    assert columns["network"] == "mnist-small"


@pytest.mark.parametrize(
    ("sweep", "name"), [("second-edition", name) for name in ("mnist-pynq", "fashion-pynq", "cifar10-pynq")]
)
def test_the_networks_of_the_final_numbers_are_those_that_fit(sweep: str, name: str) -> None:
    """The built-in ones are folded for the device; folding changes no bit, so rows do not hold it."""
    cells = load_spec(Path(__file__).parents[2] / f"docs/results/accuracy/{sweep}.toml").cells
    config = load(name)
    assert any(cell.describe() == Cell(cell.options, config).describe() for cell in cells)


def digits(*settings: str, **options: object) -> Cell:
    return Cell(Options("digits", **options), override(load("digits"), settings))  # type: ignore[arg-type]


def test_a_row_belongs_to_its_cell_alone(tmp_path: Path) -> None:
    results = Results(tmp_path / "r.csv")
    results.add(digits().describe() | {"commit": "", "accuracy": "0.5"})
    results = Results(tmp_path / "r.csv")
    assert results.find(digits()) is not None
    assert results.find(digits("layer.lanes=20")) is not None  # folding does not change a bit
    for other in (
        digits("layer[2].step=0.02"),
        digits("training.seed=1"),
        digits(batch_size=51),
        digits(split="test"),
        digits(quantise=True),
        Cell(Options("other"), load("digits")),
        Cell(Options("digits"), load("mnist-small")),
    ):
        assert results.find(other) is None


def test_more_or_fewer_layers_are_another_cell(tmp_path: Path) -> None:
    config = load("digits")
    fewer = Cell(Options("digits"), dataclasses.replace(config, layers=config.layers[:1]))
    results = Results(tmp_path / "r.csv")
    results.add(digits().describe())
    assert results.find(fewer) is None
    results.rows = [fewer.describe()]
    assert results.find(digits("layer[2].step=0.5")) is None


def test_rows_stay_good_when_a_key_with_a_default_is_new(tmp_path: Path) -> None:
    row = digits().describe()
    for key in ("quantise", "layer1.gate"):
        del row[key]
    results = Results(tmp_path / "r.csv")
    results.rows = [row | {"commit": ""}]
    for _ in range(2):
        assert results.find(digits()) is results.rows[0]
        assert results.find(digits(quantise=True)) is None
        assert results.find(digits("layer[1].gate=0.5")) is None
        results.add(digits("training.seed=1").describe() | {"commit": ""})  # has the keys, so that the file has them
        results = Results(tmp_path / "r.csv")


def test_a_report_sees_the_defaults_of_old_rows(tmp_path: Path) -> None:
    spec = load_spec(write_spec(tmp_path, QUICK + "[grid]\nseed = [0, 1]\n"))
    results = Results(spec.results)
    rows = [cell.describe() | {"commit": "", "accuracy": "0.5"} for cell in spec.cells]
    del rows[0]["optimiser"]
    for row in rows:
        results.add(row)
    frame = Results(spec.results).frame(spec)
    assert list(frame["optimiser"]) == ["adam", "adam"]
    assert list(frame["accuracy"]) == ["0.5", "0.5"]


def test_rows_are_sorted_as_the_specification(tmp_path: Path) -> None:
    spec = load_spec(write_spec(tmp_path, QUICK + "[grid]\nseed = [0, 1, 2]\n"))
    results = Results(tmp_path / "spec.csv")
    old = digits().describe()
    results.rows = [old] + [spec.cells[i].describe() | {"commit": ""} for i in (2, 0, 1)]
    results.sort(spec)
    found = Results(tmp_path / "spec.csv").rows
    assert [row["training.seed"] for row in found] == ["0", "1", "2", "0"]
    assert found[-1]["data.train_samples"] == old["data.train_samples"]
    assert len(results.frame(spec)) == 3


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match=r"other\.csv: not a results file \(no columns variant and commit\)"):
        Results(path)
    path.write_text("")
    with pytest.raises(ConfigError, match=r"other\.csv: not a results file"):
        Results(path)
    assert path.read_text() == ""
