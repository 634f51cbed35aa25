"""Known joules: the truth lies in the stated interval as often as claimed, and no oftener than that needs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from power_helpers import WATTS, Board, Bus
from scipy import stats

from bsff.errors import PowerError
from bsff.instruments.power import Accuracy, Interval, Record, Window, estimate
from bsff.instruments.power.estimate import energy
from bsff.instruments.power.ina import Ina
from bsff.instruments.power.interval import student

RATE = 1000.0
LIMITS = Accuracy(gain=0.01, offset=0.02, shunt=0.01, linearity=0.002, resolution=0.00125)


def wrong_sensor(board: Board, rng: np.random.Generator, scale: float = 1.0) -> Ina:
    """An INA226 with faults drawn from what `LIMITS` allows, 95 of 100 within; `scale` makes it worse."""
    sigma = scale / 1.96
    gain, offset = 1 + LIMITS.gain * rng.normal() * sigma, LIMITS.offset * rng.normal() * sigma
    curve = {state: 1 + LIMITS.curvature * rng.normal() * sigma for state in WATTS}
    ohms = 0.01 * (1 + LIMITS.shunt * rng.normal() * sigma)
    bus = Bus("ina226", lambda: board.watts * gain * curve[board.state] + offset, ohms=ohms)
    sensor = Ina(bus, 1, 0x40, "ina226")
    sensor.accuracy = LIMITS
    return sensor


def coverage(rng: np.random.Generator, experiments: int, scale: float = 1.0) -> dict[str, float]:
    """Share of experiments in which the truth lay in the interval."""
    hits = {"total": 0, "dynamic": 0, "core": 0, "half of dynamic": 0, **dict.fromkeys(WATTS, 0)}
    for _ in range(experiments):
        board = Board(lambda b: wrong_sensor(b, rng, scale), rng, wander=0.01, rate=RATE)
        record = board.measure()
        found = estimate(record, LIMITS)
        hits["total"] += WATTS["training"] / RATE in found.total
        dynamic = (WATTS["training"] - WATTS["idle"]) / RATE
        hits["dynamic"] += dynamic in found.dynamic
        hits["half of dynamic"] += abs(found.dynamic.value - dynamic) <= found.dynamic.half / 2
        assert found.core is not None
        hits["core"] += (WATTS["training"] - WATTS["traffic"]) / RATE in found.core
        for state in WATTS:
            hits[state] += WATTS[state] in found.watts[state]
    return {name: count / experiments for name, count in hits.items()}


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_claimed(rng: np.random.Generator) -> None:
    seen = coverage(rng, 400)
    half = seen.pop("half of dynamic")
    # 400 draws at 95 %: a standard deviation of 1.1 %, seven quantities, any seed
    assert min(seen.values()) >= 0.9, seen
    assert half <= 0.85, "intervals could be half as wide and still hold"


@pytest.mark.slow
def test_a_sensor_worse_than_it_says_is_noticed(rng: np.random.Generator) -> None:
    """The coverage of the test above can fail."""
    assert coverage(rng, 100, scale=3.0)["total"] < 0.85


def test_a_perfect_sensor_tells_the_truth(rng: np.random.Generator) -> None:
    found = estimate(
        Board(lambda b: Ina(Bus("ina226", lambda: b.watts), 1, 0x40, "ina226"), rng).measure(),
        Accuracy(0, 0, resolution=0),
    )
    assert found.samples_per_second == pytest.approx(RATE)
    assert found.total.value == pytest.approx(2.6e-3, rel=2e-3)
    assert found.dynamic.value == pytest.approx(0.6e-3, rel=5e-3)
    assert found.core is not None
    assert found.core.value == pytest.approx(0.4e-3, rel=8e-3)
    assert found.watts["blank"].value == pytest.approx(1.5, rel=2e-3)
    assert found.total.sensor == 0


def test_uncertainty_of_the_sensor_by_hand() -> None:
    """2 W idle, 3 W training, 10 samples a second, no noise: every half-width is known."""
    windows = [
        Window(state, repeat, 10.0 * (2 * repeat + place) + 1, 10.0 * (2 * repeat + place) + 9, samples)
        for repeat in range(3)
        for place, (state, samples) in enumerate((("idle", 0), ("training", 80)))
    ]
    times = np.arange(0, 61, 0.5)
    record = Record(times, np.where(times // 10 % 2, 3.0, 2.0), windows)
    found = estimate(record, Accuracy(gain=0.02, offset=0.1, shunt=0.01, linearity=0.005, resolution=0))
    assert found.total.value == pytest.approx(0.3)
    assert found.total.spread == pytest.approx(0)
    assert found.total.sensor == pytest.approx(np.sqrt(0.006**2 + 0.01**2 + 0.003**2 + 0.0015**2))
    assert found.dynamic.value == pytest.approx(0.1)
    assert found.dynamic.sensor == pytest.approx(np.sqrt(0.002**2 + 0.001**2 + 0.0015**2 + 0.001**2))
    assert found.core is None
    assert estimate(record, Accuracy(0.02, 0.1, resolution=0)).dynamic.sensor == pytest.approx(
        np.sqrt(0.002**2 + 0.006**2 + 0.004**2)  # linearity unknown: as bad as the gain
    )
    assert found.to_dict()["total"]["value"] == found.total.value


def test_trapezoids_between_uneven_readings() -> None:
    """Exact for a ramp between the outermost readings, whatever their times; beyond them they hold."""
    times = np.array([0.0, 0.7, 1.0, 1.1, 1.6, 2.3, 2.9, 3.0, 4.2])
    record = Record(times, 3 + 2 * times, [])
    inner = 3 * 2.3 + (3.0**2 - 0.7**2)
    assert energy(record, Window("idle", 0, 0.7, 3.0 + 1e-9, 0)) == pytest.approx(inner)
    assert energy(record, Window("idle", 0, 0.5, 3.5, 0)) == pytest.approx(inner + 0.2 * 4.4 + 0.5 * 9)
    uneven = Record(times, np.where(times == 1.1, 9.0, 1.0), [])
    assert energy(uneven, Window("idle", 0, 0.5, 3.5, 0)) == pytest.approx(3 + 8 * (0.1 + 0.5) / 2)


def test_a_reading_of_the_next_state_has_no_say() -> None:
    times = np.linspace(0, 4, 41)
    record = Record(times, np.where((times >= 1) & (times < 3), 2.0, 50.0), [])
    assert energy(record, Window("idle", 0, 1.0, 3.0, 0)) == pytest.approx(4.0)
    assert energy(record, Window("idle", 0, 0.95, 3.0, 0)) == pytest.approx(4.1)


@pytest.mark.parametrize(("start", "end"), [(-3.0, 3.0), (1.0, 9.0), (1.01, 1.09), (5.0, 6.0)])
def test_windows_without_readings_are_refused(start: float, end: float) -> None:
    record = Record(np.linspace(0, 4, 41), np.ones(41), [])
    with pytest.raises(PowerError, match=r"window idle of repeat 3: .* use longer windows, a shorter interval"):
        energy(record, Window("idle", 2, start, end, 0))


def test_incomplete_records_are_refused(rng: np.random.Generator) -> None:
    board = Board(lambda b: Ina(Bus("ina226", lambda: b.watts), 1, 0x40, "ina226"), rng)
    record = board.measure()
    whole = record.windows
    for windows, said in (
        ([w for w in whole if w.state != "idle"], "no window of state idle"),
        ([], "no window of state idle; the record has none"),
        (whole[:-1], "expected the same ones for each"),
        (whole[:4], "two or more"),
        ([Window(w.state, w.repeat, w.start, w.end, 0) for w in whole], "no sample was presented"),
    ):
        with pytest.raises(PowerError, match=said):
            estimate(Record(record.times, record.watts, windows), LIMITS)


@pytest.mark.parametrize("freedom", [1, 2, 4, 30, 31, 50, 1000])
def test_student(freedom: int) -> None:
    assert student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=6e-4)


def test_interval() -> None:
    interval = Interval(1.0, 0.3, 0.4)
    assert interval.half == pytest.approx(0.5)
    assert 1.49 in interval
    assert 0.49 not in interval


# ---- drift, rounding, what is left of the state before


def recording(level: dict[str, float], extra: np.ndarray | float = 0.0, *, step: float = 0.0) -> Record:
    """Three repeats of three states, each 10 s with a wait of 2 s; readings every 0.1 s."""
    states = ["idle", "traffic", "training"]
    order = [(r, s) for r in range(3) for s in states[r:] + states[:r]]
    times = np.arange(0, 108, 0.1)
    watts = np.array([level[order[int(t // 12)][1]] for t in times]) + extra
    windows = [
        Window(state, r, 12.0 * k + 2, 12.0 * k + 12, 1000 * (state == "training"))
        for k, (r, state) in enumerate(order)
    ]
    return Record(times, np.round(watts / step) * step if step else watts, windows)


LEVELS = {"idle": 2.0, "traffic": 2.2, "training": 3.0}
EXACT = Accuracy(0, 0, resolution=0.0)


def test_a_steady_drift_is_no_scatter() -> None:
    times = np.arange(0, 108, 0.1)
    found = estimate(recording(LEVELS, 0.01 * times), EXACT)
    assert found.dynamic.value == pytest.approx(0.01, rel=1e-3)
    assert found.dynamic.spread < 1e-5  # with the drift in it, 1.6e-3
    assert found.watts["idle"].value == pytest.approx(2.0 + 0.01 * 55, abs=2e-3)  # at the mean time


def test_rounding_counts_on_a_quiet_board_alone() -> None:
    even = 1.959964 / np.sqrt(12)
    coarse = estimate(recording(LEVELS, step=0.13), Accuracy(0, 0, resolution=0.13))
    assert coarse.watts["idle"].sensor == pytest.approx(even * 0.13, rel=1e-5)
    assert coarse.dynamic.sensor == pytest.approx(even * 0.13 * np.sqrt(2) / 100, rel=1e-5)
    assert abs(coarse.dynamic.value - 0.01) > 1e-4  # it is wrong indeed
    assert 0.01 in coarse.dynamic
    unknown = estimate(recording(LEVELS, step=0.13), Accuracy(0, 0))  # the smallest difference of readings
    assert unknown.watts["idle"].sensor == pytest.approx(even * 0.26, rel=1e-5)
    noise = np.random.default_rng(1).normal(0, 0.13, 1080)
    noisy = estimate(recording(LEVELS, noise, step=0.13), Accuracy(0, 0))
    assert noisy.dynamic.sensor < 1e-5
    assert 0.01 in noisy.dynamic


def test_what_the_state_before_left_is_added() -> None:
    """Idle comes after training (twice) and after nothing, training after traffic; the first window counts 0."""
    found = estimate(recording(LEVELS), EXACT, remains=0.03)
    order = ["idle", "traffic", "training", "traffic", "training", "idle", "training", "idle", "traffic"]
    steps: dict[str, list[float]] = {state: [] for state in LEVELS}
    for before, state in itertools.pairwise(order):
        steps[state].append(LEVELS[before] - LEVELS[state])
    left = {state: 0.03 * sum(values) / 3 for state, values in steps.items()}
    assert found.watts["idle"].lag == pytest.approx(abs(left["idle"]))
    assert found.dynamic.lag == pytest.approx(abs(left["training"] - left["idle"]) / 100)
    assert found.dynamic.half == pytest.approx(found.dynamic.lag)
    assert estimate(recording(LEVELS), EXACT).dynamic.lag == 0


def test_variances_add_with_their_degrees_of_freedom() -> None:
    """JCGM 100:2008, G.4.1: 4 degrees for the repeats, a standard uncertainty of 1 each, so 4 (1 + 1)^2 = 16 for both."""
    both = Interval(0.0, spread=stats.t.ppf(0.975, 4), sensor=stats.norm.ppf(0.975), freedom=4)
    assert both.half == pytest.approx(stats.t.ppf(0.975, 16) * np.sqrt(2), rel=5e-4)
    assert Interval(0.0, 0.0, 0.4, lag=0.1, freedom=4).half == pytest.approx(0.5)
    assert student(2.5) == pytest.approx(stats.t.ppf(0.975, 2.5), rel=0.02)
