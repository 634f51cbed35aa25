"""The table of the float reference's speed."""

import re

import pytest

from bsff.studies import reference_speed


def test_every_variant_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert reference_speed.main(["digits-tiny", "--batch", "8", "--batches", "1"]) == 0
    shown = capsys.readouterr().out
    assert "Made by `python -m bsff.studies.reference_speed digits-tiny --batch 8 --batches 1`" in shown
    rows = re.findall(r"^\| (real-valued|BSFF, M = \d) \| ([\d,]+) \| (\d+) % \|$", shown, re.MULTILINE)
    assert [row[0] for row in rows] == ["real-valued", "BSFF, M = 1", "BSFF, M = 3", "BSFF, M = 7"]
    assert all(int(rate.replace(",", "")) > 0 and 0 < int(share) < 100 for _, rate, share in rows)


def test_an_unknown_network_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert reference_speed.main(["nowhere.toml"]) == 2
    assert capsys.readouterr().err.startswith("reference_speed: nowhere.toml")
