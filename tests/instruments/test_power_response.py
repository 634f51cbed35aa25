"""How quickly a sensor answers: by its registers, by a trial, by a finished recording; windows that fit, or a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from power_helpers import Bus

from bsff.errors import PowerError
from bsff.instruments.power import Response, block, fit, measure, probe, verify
from bsff.instruments.power.conversion import response
from bsff.instruments.power.ina import Ina
from bsff.instruments.power.steps import observe
from bsff.studies.power_coverage.board import WATTS, Conditions, Sensor, SimulatedBoard

QUIET = Conditions(wander=0.0)


@pytest.mark.parametrize(
    ("chip", "word", "seconds"),
    [
        ("ina226", 0x4127, 2.2e-3),  # after power-on: one conversion of 1.1 ms each
        ("ina226", 0x4FFF, 1024 * 2 * 8.244e-3),  # the slowest: 16.9 s
        ("ina226", 0x4C07, 512 * (140e-6 + 140e-6)),
        ("ina260", 0x63AF, 4 * (4.156e-3 + 2.116e-3)),
        ("ina219", 0x399F, 532e-6 + 532e-6),  # after power-on: 12 bits
        ("ina219", 0x3FFF, 68.1e-3 + 68.1e-3),  # 128 averages
        ("ina219", 0x3C4F, 532e-6 + 1.06e-3),
    ],
)
def test_conversion_times_of_the_sheets(chip: str, word: int, seconds: float) -> None:
    found = response(chip, word, "x")
    assert found.period == pytest.approx(1.1 * seconds, rel=1e-3)
    assert found.reach == pytest.approx(2.2 * seconds, rel=1e-3)


def test_a_chip_that_stands_still_is_refused() -> None:
    for mode in (0, 3, 5):
        with pytest.raises(
            PowerError, match=rf"ina226:1/0x40: configuration register 0x412{mode}, mode {mode}, expected mode 7"
        ):
            Ina(Bus("ina226", lambda: 1.0, configuration=0x4120 | mode), 1, 0x40, "ina226")
    slow = Ina(Bus("ina226", lambda: 1.0, configuration=0x4FFF), 1, 0x40, "ina226").response
    assert slow is not None
    assert "1024 averages, 16.9 s" in slow.source


def test_windows_fit_the_sensor() -> None:
    quick, slow = block(0.002, "fast"), block(18.0, "1024 averages")
    assert vars(fit(quick, "x", seconds=None, settle=None)) == {"seconds": 10.0, "settle": 1.0}
    assert vars(fit(slow, "x", seconds=None, settle=None)) == {"seconds": 36.0, "settle": 36.0}
    assert vars(fit(slow, "x", seconds=50.0, settle=40.0)) == {"seconds": 50.0, "settle": 40.0}
    assert vars(fit(quick, "x", seconds=0.1, settle=0.01)) == {"seconds": 0.1, "settle": 0.01}
    with pytest.raises(
        PowerError, match=r"--seconds 10: x has a new value every 18 s .* at least 36 s are expected; leave the"
    ):
        fit(slow, "x", seconds=10.0, settle=None)
    with pytest.raises(
        PowerError, match=r"--settle 1: x .* looks back 36 s \(1024 averages\), so at least 36 s .*; record again"
    ):
        fit(slow, "x", seconds=None, settle=1.0, remedy="record again")
    for seconds in (61.0, float("inf")):
        with pytest.raises(
            PowerError, match=r"x: a reading looks back .* expected at most 120 s; let the sensor average less"
        ):
            fit(block(seconds, "?"), "x", seconds=None, settle=None)


@pytest.mark.parametrize(
    ("sensor", "least", "most"),
    [
        (Sensor("sample", 1e-3, 0.05), 0.05, 1.0),
        (Sensor("block", 1.0), 2.0, 5.0),
        (Sensor("moving", 1.0, 0.1), 1.1, 2.5),
        (Sensor("block", 4.2), 8.4, 17.0),
        (Sensor("exponential", 0.5, 0.1), 0.5 * 4, 4.5),
        (Sensor("counter", 0.5), 0.5, 3.0),
        (Sensor("moving", 16.9, 0.5), 17.4, 40.0),
    ],
    ids=lambda each: each.kind + str(each.average) if isinstance(each, Sensor) else "",
)
def test_a_sensor_is_tried_out(rng: np.random.Generator, sensor: Sensor, least: float, most: float) -> None:
    """It is never taken to be quicker than it is, and not slower than some three times."""
    for _ in range(3):
        board = SimulatedBoard(sensor, QUIET, rng)
        found = probe(board, lambda board=board: board, "x", clock=board.clock)
        assert least <= found.reach <= most
        assert found.period >= 0.85 * sensor.period or found.reach > 2 * sensor.period
        assert found.remains(10.0) <= 0.02


def test_a_sensor_that_cannot_be_tried_out(rng: np.random.Generator) -> None:
    stuck = SimulatedBoard(Sensor("sample", 1e-3, 0.05, noise=0.0, step=10.0), QUIET, rng)
    with pytest.raises(
        PowerError, match=r"x: its readings show no difference .* as --averaging SECONDS, or use another sensor"
    ):
        probe(stuck, lambda: stuck, "x", clock=stuck.clock)
    crawling = SimulatedBoard(Sensor("exponential", 40.0, 0.1), QUIET, rng)
    with pytest.raises(PowerError, match="x: its readings do not come to rest in 60 s of each"):
        probe(crawling, lambda: crawling, "x", clock=crawling.clock)


@pytest.mark.parametrize("kind", ["block", "moving"])
def test_a_driver_that_lies_is_found_out(rng: np.random.Generator, kind: str) -> None:
    """It says 2 ms; the readings in the windows still follow the state before."""
    board = SimulatedBoard(Sensor(kind, 4.2, 0.1 if kind == "moving" else None), QUIET, rng)
    record = measure(board, board, clock=board.clock)
    with pytest.raises(
        PowerError, match=r"x: \d+ % of a step between states is still to come .* expected less than 5 %"
    ):
        verify(record, block(0.002, "update_interval 2 ms"), "x")
    honest = SimulatedBoard(Sensor("block", 0.1), QUIET, rng)
    record = measure(honest, honest, clock=honest.clock)
    assert verify(record, block(0.1, "update_interval 100 ms"), "x") == 0


def test_a_meter_of_which_nothing_is_known(rng: np.random.Generator) -> None:
    quick = SimulatedBoard(Sensor("sample", 1e-3, 0.1), QUIET, rng)
    assert 0 < verify(measure(quick, quick, clock=quick.clock), None, "meter") < 0.02
    slow = SimulatedBoard(Sensor("block", 16.9), QUIET, rng)
    with pytest.raises(PowerError, match=r"meter: .* --averaging SECONDS"):
        verify(measure(slow, slow, clock=slow.clock), None, "meter")


def test_what_is_left_of_a_step() -> None:
    assert block(3.0, "").remains(10.0) == 0
    assert Response(0.1, 2.0, "", residue=0.01).remains(10.0) == pytest.approx(0.002)
    assert Response(0.1, 2.0, "", residue=0.01).remains(1.0) == pytest.approx(0.01)


def test_steps_by_hand() -> None:
    """A ramp of 3 s after each step of 9 s: after a bin's middle t, 1 - t/3 of the step is left."""
    times = np.arange(0, 36, 0.01)
    spans = [(9.0 * k, 9.0 * k + 9, ("idle", "training")[k % 2]) for k in range(4)]
    level = np.array([WATTS[state] for *_, state in spans])
    now = (times // 9).astype(int)
    before = np.where(now > 0, level[now - 1], level[0])
    watts = level[now] + (before - level[now]) * np.maximum(0, 1 - (times % 9) / 3)
    seen = observe(times, watts, spans)
    assert seen is not None
    np.testing.assert_allclose(seen.left[:8], 1 - (np.arange(8) + 0.5) * 0.375 / 3, atol=0.01)
    np.testing.assert_allclose(seen.left[8:], 0, atol=1e-9)
    assert seen.settled == pytest.approx(3.0)
    assert observe(times, np.full(len(times), 2.0), spans) is None
    assert observe(times[:2], watts[:2], spans) is None
