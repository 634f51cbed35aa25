"""Tables, plots and pages of sweeps; the pages of the repository are what the command makes of its results."""

import re
from pathlib import Path

import pandas
import pytest
from sweep_helpers import ROOT, write_spec

from bsff.cli import main
from bsff.errors import ConfigError
from bsff.studies.report.groups import group, prepare, select
from bsff.studies.report.plots import plot
from bsff.studies.report.tables import number, table
from bsff.studies.sweep import Results, load_spec

SPEC = """
title = "Trial"
text = "Why."
[base]
network = "digits"
split = "test"
[grid]
seed = [0, 1, 2]
[[case]]
variant = "real"
[[case]]
variant = "bsff"
grid."layer.tile" = [1, 3]
[[table]]
title = "All"
rows = ["variant", "layer1.tile"]
values = ["accuracy", "operations"]
[[plot]]
title = "Curve"
points = ["variant", "layer1.tile"]
x = "operations"
series = "variant"
log = true
[[plot]]
title = "Steps"
kind = "dots"
points = ["layer1.tile"]
x = "variant"
series = "layer1.tile"
"""
ACCURACIES = {"real": {1: (0.90, 0.92, 0.97)}, "bsff": {1: (0.5, 0.6, 0.7), 3: (0.71, 0.72, 0.73)}}
"""By variant, M and seed."""


def results(folder: Path, *, rows: int = 9, text: str = SPEC) -> Path:
    """A specification with made-up results of its first cells."""
    path = write_spec(folder, text)
    spec = load_spec(path)
    found = Results(spec.results)
    for cell in spec.cells[:rows]:
        real, tile = cell.options.variant == "real", cell.config.layers[0].tile
        accuracy = ACCURACIES[cell.options.variant][tile][cell.config.training.seed]
        measured = {
            "accuracy": str(accuracy),
            "macs": "1000" if real else "0",
            "additions": "0" if real else str(100 * tile),
            "seconds": "20",
            "machine": "abacus, 1 core",
            "commit": "0123456789ab",
        }
        found.add(cell.describe() | measured)
    return path


def frame(folder: Path, **options: object) -> pandas.DataFrame:
    spec = load_spec(results(folder, **options))  # type: ignore[arg-type]
    return prepare(Results(spec.results).frame(spec))


def test_mean_and_sample_standard_deviation(tmp_path: Path) -> None:
    found = group(frame(tmp_path), ["variant", "layer1.tile"], ["accuracy"], where="here")
    assert list(found["variant"]) == ["real", "bsff", "bsff"]
    assert list(found["layer1.tile"]) == ["-", "1", "3"]  # no p-bits, no M
    assert list(found["accuracy", "mean"]) == pytest.approx([0.93, 0.6, 0.72])
    assert list(found["accuracy", "std"]) == pytest.approx([0.0013**0.5, 0.1, 0.01])
    assert list(found["accuracy", "count"]) == [3, 3, 3]


def test_operations_are_both_kinds(tmp_path: Path) -> None:
    assert list(frame(tmp_path)["operations"]) == [1000] * 3 + [100, 300] * 3


def test_rows_that_differ_in_more_than_the_seed_are_not_averaged(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"here: the rows with \{'variant': 'bsff'\} differ in layer1.tile too \(1, 3\)"
    ):
        group(frame(tmp_path), ["variant"], ["accuracy"], where="here")
    found = group(frame(tmp_path), ["variant"], ["accuracy"], where="here", free=["layer1.tile", "layer2.tile"])
    assert list(found["accuracy", "count"]) == [3, 6]


def test_unknown_columns_are_named(tmp_path: Path) -> None:
    rows = frame(tmp_path)
    with pytest.raises(ConfigError, match="here: colour: no such column in the results; there are network, variant"):
        group(rows, ["variant", "colour"], ["accuracy"], where="here")
    with pytest.raises(ConfigError, match=r"here: where\.colour: no such column"):
        select(rows, {"colour": 1}, where="here")


def test_rows_are_selected_by_values(tmp_path: Path) -> None:
    rows = frame(tmp_path)
    assert len(select(rows, {"variant": "bsff", "layer2.tile": 3}, where="here")) == 3
    assert len(select(rows, {"training.seed": [0, 2]}, where="here")) == 6


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (("accuracy", 0.98765, 0.00123, 3), "98.77 ± 0.12 (3)"),
        (("accuracy_head", 0.98765, float("nan"), 1), "98.77 (1)"),
        (("additions", 1234567.8, 890.1, 2), "1,234,568 ± 890 (2)"),
        (("updated_layer3", 0.12345, 0.01, 2), "0.123 ± 0.01 (2)"),
        (("accuracy", float("nan"), float("nan"), 0), ""),
    ],
)
def test_numbers(value: tuple[str, float, float, int], shown: str) -> None:
    assert number(*value) == shown


def test_a_table(tmp_path: Path) -> None:
    lines = table(frame(tmp_path), {"rows": ["variant", "layer1.tile"], "values": ["accuracy", "operations"]}, where="")
    assert lines == [
        "| variant | M | accuracy, % | operations a sample |",
        "|---|---|---|---|",
        "| real-valued | - | 93.00 ± 3.61 (3) | 1,000 ± 0 (3) |",
        "| BSFF | 1 | 60.00 ± 10.00 (3) | 100 ± 0 (3) |",
        "| BSFF | 3 | 72.00 ± 1.00 (3) | 300 ± 0 (3) |",
    ]


def test_a_table_with_values_side_by_side(tmp_path: Path) -> None:
    lines = table(frame(tmp_path), {"rows": ["variant"], "columns": "layer1.tile"}, where="")
    assert lines == [
        "| variant | M = - | M = 1 | M = 3 |",
        "|---|---|---|---|",
        "| real-valued | 93.00 ± 3.61 (3) |  |  |",
        "| BSFF |  | 60.00 ± 10.00 (3) | 72.00 ± 1.00 (3) |",
    ]


def test_the_best_is_that_of_the_highest_mean(tmp_path: Path) -> None:
    wanted = {"rows": ["variant", "layer1.tile"], "best": ["variant"]}
    lines = table(frame(tmp_path), wanted, where="")
    assert [line.split(" | ")[1] for line in lines[2:]] == ["-", "3"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"row": ["variant"]}, "row: unknown key; allowed are title, text, rows"),
        ({"columns": "layer1.tile", "values": ["accuracy", "macs"]}, "expected one value where `columns` is given"),
    ],
)
def test_faults_of_a_table_are_named(tmp_path: Path, wanted: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        table(frame(tmp_path), wanted, where="t.toml, table 1")


def test_a_table_of_nothing_says_so(tmp_path: Path) -> None:
    lines = table(frame(tmp_path), {"rows": ["variant"], "where": {"variant": "golden"}}, where="")
    assert lines == ["(no cell of this table is done yet)"]
    assert not plot(frame(tmp_path), {"x": "variant", "where": {"variant": "golden"}}, tmp_path / "p.svg", where="")
    assert not (tmp_path / "p.svg").exists()


def test_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = results(tmp_path)
    assert main(["report", str(spec), "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        str(tmp_path / "out" / n) for n in ("spec.md", "spec-1.svg", "spec-2.svg")
    ]
    page = (tmp_path / "out" / "spec.md").read_text()
    assert page.startswith("# Trial\n\nWhy.\n")
    assert "| BSFF | 3 | 72.00 ± 1.00 (3) | 300 ± 0 (3) |" in page
    assert "![Curve](spec-1.svg)" in page
    assert "Tested on the test set. 9 cells, one core each, 3 minutes" in page
    assert "abacus, 1 core" in page
    assert "0123456789ab" in page
    assert "cells were run" not in page
    svg = (tmp_path / "out" / "spec-1.svg").read_text()
    for word in ("BSFF", "real-valued", "operations a sample", "accuracy, %"):
        assert word in svg
    before = (tmp_path / "out" / "spec-2.svg").read_bytes()
    assert main(["report", str(spec), "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "spec-2.svg").read_bytes() == before  # no date, no random names


def test_a_page_of_png(tmp_path: Path) -> None:
    assert main(["report", str(results(tmp_path)), "--format", "png"]) == 0
    assert (tmp_path / "spec-1.png").read_bytes().startswith(b"\x89PNG")
    assert "![Curve](spec-1.png)" in (tmp_path / "spec.md").read_text()


def test_a_page_says_what_is_missing(tmp_path: Path) -> None:
    assert main(["report", str(results(tmp_path, rows=4))]) == 0
    page = (tmp_path / "spec.md").read_text()
    assert "**4 of 9 cells were run**" in page
    assert "| BSFF | 1 | 50.00 (1) |" in page


def test_a_page_without_results(tmp_path: Path) -> None:
    assert main(["report", str(write_spec(tmp_path, SPEC))]) == 0
    assert "trains its 9 cells; **none was run**" in (tmp_path / "spec.md").read_text()


PAGES = sorted(path for path in (ROOT / "docs/results/accuracy").glob("*.toml") if path.with_suffix(".csv").exists())


def test_a_colour_means_the_same_in_every_panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bsff.studies.report import plots

    kept = []
    monkeypatch.setattr(plots.pyplot, "close", kept.append)
    wanted = {"points": ["variant"], "x": "seconds", "series": "layer1.tile", "panels": "variant"}
    assert plots.plot(frame(tmp_path), wanted, tmp_path / "a.svg", where="here")
    first, second = kept[0].axes  # real has no M; bsff has M = 1 and 3
    colours = [[line.get_color() for line in axis.get_lines() if line.get_marker() == "o"] for axis in (first, second)]
    assert colours == [[plots.COLOURS[0]], [plots.COLOURS[1], plots.COLOURS[2]]]
    assert [text.get_text() for text in second.get_legend().get_texts()] == ["-", "1", "3"]


def test_there_are_pages() -> None:
    assert {
        "mnist",
        "mnist-golden",
        "fashion",
        "fashion-search",
        "golden-search",
        "variants",
        "normalisation",
        "rates",
        "ladder",
        "random",
    } <= {path.stem for path in PAGES}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_repositorys_pages_are_what_the_command_makes(path: Path, tmp_path: Path) -> None:
    """Of the plots only the names: how they are drawn depends on matplotlib's version."""
    assert main(["report", str(path), "--out", str(tmp_path)]) == 0
    assert (tmp_path / f"{path.stem}.md").read_text() == path.with_suffix(".md").read_text()
    for picture in tmp_path.glob("*.svg"):
        assert (path.parent / picture.name).exists()
