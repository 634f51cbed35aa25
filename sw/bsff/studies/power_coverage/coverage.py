"""One simulated measurement, done as `bsff power` does it, and how often its intervals hold the truth."""

from dataclasses import dataclass, field

import numpy as np

from bsff.errors import PowerError
from bsff.instruments.power import Response, Result, block, estimate, fit, measure, probe, verify
from bsff.instruments.power.response import CLOCK
from bsff.instruments.power.timing import COUNTED, FRESH

from .board import ACCURACY, RATE, WATTS, Conditions, Sensor, SimulatedBoard

TRUTH = {
    "total": WATTS["training"] / RATE,
    "dynamic": (WATTS["training"] - WATTS["idle"]) / RATE,
    "core": (WATTS["training"] - WATTS["traffic"]) / RATE,
}
"""Joules per sample."""


@dataclass(frozen=True)
class Case:
    """A sensor, what its driver says of it, and its board."""

    name: str
    sensor: Sensor = field(default_factory=Sensor)
    declared: bool = True
    """Whether the driver tells the time of averaging; else it is tried out."""
    conditions: Conditions = field(default_factory=Conditions)


@dataclass
class Outcome:
    """Of a case."""

    measured: int = 0
    refused: int = 0
    why: str = ""
    """The last refusal."""
    held: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TRUTH, 0))
    """How often the interval of a quantity held the truth."""
    values: list[float] = field(default_factory=list)
    halves: list[float] = field(default_factory=list)
    """`values` and `halves`: of the dynamic energy, joules per sample."""
    minutes: list[float] = field(default_factory=list)

    def coverage(self, name: str) -> float:
        """Share of the measurements that held the truth."""
        return self.held[name] / self.measured if self.measured else float("nan")


def response_of(sensor: Sensor) -> Response:
    """What a driver would say."""
    if sensor.kind == "counter":
        return Response(sensor.period, 2 * sensor.period, "declared")
    if sensor.kind == "moving":
        return Response(sensor.period, CLOCK * (sensor.average + sensor.period), "declared")
    return block(CLOCK * max(sensor.average, sensor.period), "declared")


def run(case: Case, rng: np.random.Generator, outcome: Outcome | None = None) -> tuple[Result, float]:
    """Measure once; returns the result, and the watts that a drift added to every state at the mean time.

    Raises
    ------
    PowerError
        If the instrument refuses.
    """
    board = SimulatedBoard(case.sensor, case.conditions, rng)
    begin = board.clock()
    response = response_of(case.sensor) if case.declared else probe(board, lambda: board, case.name, clock=board.clock)
    fresh = FRESH if board.wraps is None else COUNTED
    timing = fit(response, case.name, seconds=None, settle=None, fresh=fresh)
    record = measure(board, board, seconds=timing.seconds, settle=timing.settle, clock=board.clock)
    if outcome is not None:
        outcome.minutes.append((board.clock() - begin) / 60)
    middles = [(window.start + window.end) / 2 for window in record.windows]
    drift = case.conditions.drift / 3600 * float(np.mean(middles))
    return estimate(record, ACCURACY, verify(record, response, case.name)), drift


def unaware(case: Case, rng: np.random.Generator) -> Result:
    """As the instrument did before it looked at its sensor: windows of 10 s after a second, nothing verified."""
    board = SimulatedBoard(case.sensor, case.conditions, rng)
    return estimate(measure(board, board, clock=board.clock), ACCURACY)


def cover(case: Case, rng: np.random.Generator, experiments: int) -> Outcome:
    """Measure again and again, each time with another sensor of the kind."""
    outcome = Outcome()
    for _ in range(experiments):
        try:
            result, drift = run(case, rng, outcome)
        except PowerError as error:
            outcome.refused, outcome.why = outcome.refused + 1, str(error)
            continue
        outcome.measured += 1
        for name, truth in {**TRUTH, "total": TRUTH["total"] + drift / RATE}.items():
            outcome.held[name] += truth in getattr(result, name)
        outcome.values.append(result.dynamic.value)
        outcome.halves.append(result.dynamic.half)
    return outcome
