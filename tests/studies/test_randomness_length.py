"""A thousand million draws in pieces: that pieces add up to the draws of one stream, and that a fault would show."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bsff.golden import lfsr
from bsff.studies.randomness import length
from bsff.studies.randomness.firing import fire
from bsff.studies.randomness.measurements import LAGS, PROBABILITIES
from bsff.studies.randomness.streams import stream

DRAWS = 2**20


@pytest.fixture(scope="module")
def two() -> list[dict]:
    return [{"piece": n, "seed": 3, **length.piece(3, n, draws=DRAWS)} for n in range(2)]


def test_pieces_follow_each_other_in_one_stream(two: list[dict]) -> None:
    drawn = lfsr.slices(stream(lfsr.seed_state(3, 10), DRAWS // 2))
    for number, p in enumerate(PROBABILITIES):
        series = fire(drawn, p)
        assert sum(record["ones"][number] for record in two) == series.sum(dtype=np.int64)
        first = series[:DRAWS]
        assert two[0]["joint"][number][4] == int((first[: -LAGS[4]] * first[LAGS[4] :]).sum(dtype=np.int64))


def test_the_page_adds_up(two: list[dict]) -> None:
    text = length.page(two)
    assert f"**{2 * DRAWS:,} draws**" in text
    assert "| frequency | 1 | 2 |" in text
    assert "| templates | 148 | 2 |" in text


def test_a_fault_would_show(two: list[dict]) -> None:
    """More ones than the table says, p-bits that follow one another, and p-values that are too small too often."""
    bad = json.loads(json.dumps(two))
    for record in bad:
        record["ones"][2] = int(record["ones"][2] * 1.01)
        record["joint"][0][7] = int(record["joint"][0][7] * 1.1)
        record["tests"]["runs"] = {"sequences": 400, "below": [60], "tenths": [[220, *[20] * 9]]}
    rows = {line.split(" |")[0][2:]: line for line in length.page(bad).splitlines() if line.startswith("| ")}
    assert float(rows["0.5"].split("(")[1].split(")")[0]) > 10
    assert "at 8 (+" in rows["0.1"]
    assert float(rows["0.1"].rsplit("(", 1)[1].split(")")[0]) > 5
    assert rows["runs"].endswith("| 120 | 16 | 1 | 0.000 | 0.0000 | 0.000 |")
    good = {line.split(" |")[0][2:]: line for line in length.page(two).splitlines() if line.startswith("| ")}
    assert abs(float(good["0.5"].split("(")[1].split(")")[0])) < 6


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"piece": 0, "seed": 7}\n')
    command = [sys.executable, "-m", "bsff.studies.randomness.length", "--log", str(log), "--pieces", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"randomness.length: {log}: has pieces of seed 7; name another log for seed 1\n"
