"""Simulated measurements: the intervals hold the truth in 95 of 100, and not by being wide; the page can be made again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bsff.studies.power_coverage.board import Conditions, Sensor, SimulatedBoard
from bsff.studies.power_coverage.cases import BOUNDED, CASES, EXAMPLES, SLOWEST
from bsff.studies.power_coverage.coverage import TRUTH, Case, cover, run, unaware
from bsff.studies.power_coverage.page import page

PAGE = Path(__file__).parents[2] / "docs" / "results" / "power-coverage.md"


@pytest.mark.parametrize("case", EXAMPLES, ids=lambda case: case.name)
@pytest.mark.parametrize("declared", [True, False])
def test_slow_sensors_once_gave_a_wrong_energy(rng: np.random.Generator, case: Case, declared: bool) -> None:
    """Idle 2.0 W, traffic 2.2 W, training 3.0 W, 1,000 samples a second, default windows: 1 mJ, not 0.2."""
    wrong = unaware(case, rng).dynamic
    assert wrong.value < 0.9e-3
    right = run(Case(case.name, case.sensor, declared), rng)[0].dynamic
    assert right.value == pytest.approx(1e-3, abs=1e-4)
    assert right.half < 0.06e-3


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda k: CASES[k].name)
def test_intervals_hold_the_truth_as_often_as_claimed(rng: np.random.Generator, number: int) -> None:
    """60 measurements at 95 % have a standard deviation of 2.8 %; the committed page has 1,000 of each."""
    outcome = cover(CASES[number], rng, 60)
    assert outcome.refused == 0, outcome.why
    for name in TRUTH:
        assert outcome.coverage(name) >= 0.82, (name, outcome.coverage(name))


def test_intervals_are_no_wider_than_needed(rng: np.random.Generator) -> None:
    outcome = cover(CASES[1], rng, 200)
    half = np.abs(np.array(outcome.values) - TRUTH["dynamic"]) <= np.array(outcome.halves) / 2
    assert half.mean() < 0.85


def test_a_slow_counter_gets_windows_in_which_it_changes_often_enough(rng: np.random.Generator) -> None:
    for declared in (True, False):
        outcome = cover(Case("a counter each 4 s", Sensor("counter", 4.0), declared), rng, 10)
        assert outcome.refused == 0, outcome.why
        assert np.mean(outcome.values) == pytest.approx(TRUTH["dynamic"], rel=0.02)


@pytest.mark.parametrize("number", range(len(BOUNDED)), ids=lambda k: BOUNDED[k].name)
def test_bounds_hold(rng: np.random.Generator, number: int) -> None:
    outcome = cover(BOUNDED[number], rng, 40)
    assert outcome.refused <= 1, outcome.why
    assert min(outcome.coverage(name) for name in TRUTH) >= 0.84


@pytest.mark.parametrize("kind", ["block", "moving", "sample", "exponential", "counter"])
def test_a_simulated_sensor_shows_what_it_should(rng: np.random.Generator, kind: str) -> None:
    """A step from 2 to 3 W, five times its time constant later and at half of its mean."""
    sensor = Sensor(kind, 1.0, None if kind in ("block", "counter") else 0.01, noise=0.0)
    board = SimulatedBoard(sensor, Conditions(wander=0.0), rng, faults=False)
    board.start()
    board.run("idle", 10.0)
    begin = board.clock()
    board.run("training", 10.0)
    times, values = board.stop()
    late = times > begin + 6
    if kind == "counter":
        change = (values[late][-1] - values[late][0]) / (times[late][-1] - times[late][0])
        assert change == pytest.approx(3.0, rel=0.4)
        return
    assert values[late] == pytest.approx(3.0, abs=0.01)
    assert values[times < begin] == pytest.approx(2.0, abs=1e-6)
    middle = values[np.argmin(abs(times - begin - 0.5))]
    wanted = {"moving": 2.5, "sample": 3.0, "exponential": 3 - np.exp(-0.5)}
    if kind in wanted:
        assert middle == pytest.approx(wanted[kind], abs=0.04)


def test_the_slowest_setting_of_the_sheet() -> None:
    assert pytest.approx(1024 * 2 * 8.244e-3, rel=1e-3) == SLOWEST


def test_the_page_has_a_row_for_each_case() -> None:
    """The committed page lists the same cases and was made by the default command; a small one is made here."""
    text = PAGE.read_text()
    assert "--seed 1 --experiments 1000" in text
    small = page(1, 2)
    for case in (*CASES, *BOUNDED):
        assert f"| {case.name} | 1000 | 0 | " in text
        assert f"| {case.name} | " in small
    shares = [
        [float(cell) for cell in line.split("|")[4:7]]
        for line in text.split("## Sensors that are tried out")[0].splitlines()
        if "| 1000 | 0 |" in line
    ]
    assert len(shares) == len(CASES)
    assert all(93 <= share <= 97 for row in shares for share in row)
