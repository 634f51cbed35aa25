"""The page that sets the machine beside scikit-learn's classifiers."""

import pytest

from bsff.studies import comparison


def test_the_page_has_a_row_for_each_data_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "SETS", {"iris": comparison.SETS["iris"]})
    monkeypatch.setattr(comparison, "FOLDS", 2)
    few = {title: model for title, model in comparison.models().items() if title != "random forest"}
    few["bsff, small"].set_params(epochs=20)
    del few["bsff, medium"]
    monkeypatch.setattr(comparison, "models", lambda: few)
    comparison.main([])
    *_, head, _, row = capsys.readouterr().out.splitlines()
    assert head == "| data | logistic regression | bsff, small |"
    assert row.startswith("| iris (150 samples, 4 features, 3 classes) | ")
    means = [float(cell.split(" ± ")[0]) for cell in row.strip("| ").split(" | ")[1:]]
    assert all(80 < mean <= 100 for mean in means)
