"""``bsff power CONFIG``."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.errors import PowerError
from bsff.instruments.power import (
    Accuracy,
    Record,
    Response,
    Sensor,
    block,
    estimate,
    fit,
    measure,
    probe,
    scan,
    verify,
)
from bsff.instruments.power import files as recordings
from bsff.instruments.power.plot import NAME as PLOT
from bsff.instruments.power.plot import plot
from bsff.instruments.power.protocol import MIN_REPEATS, MIN_SECONDS
from bsff.instruments.power.sampler import ThreadSampler
from bsff.instruments.power.scan import choose
from bsff.instruments.power.timing import COUNTED, FRESH, SETTLE, Timing, timing_of

from . import power_show as show
from . import power_work as work
from .options import add_config, add_data, add_out, make_output, pasteable, write_output

RESULT = show.RESULT
NOT_MEASURED = "power: not measured"
METER = "the meter"


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "power",
        help="joules per training sample, by a power sensor",
        description="Measure joules per training sample: idle machine, the same traffic without the machine's work, and "
        "training, interleaved. Without a sensor nothing is measured, and nothing is estimated in its place.",
    )
    add_config(parser, optional=True)
    work.add(parser)
    parser.add_argument("--list", action="store_true", help="list the sensors found, with a reading of each")
    parser.add_argument("--table", nargs="+", type=Path, metavar="DIR", help="print measurements beside each other")
    parser.add_argument("--sensor", metavar="NAME", help="one of the list, or chip:bus/address as ina226:1/0x40")
    parser.add_argument("--shunt", type=float, default=0.01, metavar="OHM", help="shunt of an INA219 or INA226")
    parser.add_argument(
        "--accuracy",
        metavar="GAIN,WATTS",
        help="half-widths of the sensor's 95 %% intervals: relative gain and offset, if you know better than its driver",
    )
    parser.add_argument(
        "--averaging",
        type=float,
        metavar="SECONDS",
        help="over which the sensor averages, by its data sheet (default: what its driver or registers say, else it is tried out)",
    )
    parser.add_argument(
        "--seconds", type=float, help=f"of a window (default: {MIN_SECONDS:g}, longer where the sensor is slow)"
    )
    parser.add_argument("--repeats", type=int, default=MIN_REPEATS, help="of all states (default: %(default)s)")
    parser.add_argument(
        "--settle",
        type=float,
        help=f"seconds in a state before its window (default: {SETTLE:g}, longer where the sensor is slow)",
    )
    parser.add_argument("--interval", type=float, default=0.02, help="seconds between readings")
    parser.add_argument(
        "--meter", type=Path, metavar="CSV", help="readings of an outside meter for the recording in --out"
    )
    parser.add_argument("--record", action="store_true", help="go through the states for an outside meter, no sensor")
    add_out(parser, "folder of the recording (default: runs/power)", default=Path("runs/power"))
    add_data(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List, compare, record, or measure."""
    if arguments.list:
        found = scan()
        print(show.sensors(found) or f"{_no_sensor()}; chips on I2C are named with --sensor, as ina226:1/0x40")
        return 0
    if arguments.table is not None:
        print(show.comparison(arguments.table))
        return 0
    work.check(arguments)
    averaging = _averaging(arguments.averaging)
    if arguments.meter is not None:
        return _join(arguments, averaging)
    if arguments.config is None:
        raise PowerError(
            "which network? Give its configuration, as in `bsff power digits`, or --list, --table or --meter"
        )
    sensor = None if arguments.record else choose(arguments.sensor, scan(), shunt_ohms=arguments.shunt)
    if sensor is None and not arguments.record:
        make_output("--out", arguments.out)
        entry = {"measured": None, "why": "no sensor", **work.describe(arguments)}
        write_output("--out", arguments.out / RESULT, entry)
        print(f"{NOT_MEASURED}: {_no_sensor()}. Name one on I2C with --sensor, or use --record and an outside meter")
        return 0
    if sensor is not None:
        sensor.read()  # one that may not be read says so before the machine is made
    return _measure(arguments, sensor, averaging)


def _no_sensor() -> str:
    return "no sensor in hwmon, iio, powercap or NVML"


def _accuracy(text: str, known: Accuracy) -> Accuracy:
    """What the user says of the sensor; its resolution is still what it was."""
    try:
        gain, offset = map(float, text.split(","))
        return Accuracy(gain, offset, resolution=known.resolution)
    except ValueError as error:
        raise PowerError(f"--accuracy {text}: expected GAIN,WATTS such as 0.01,0.02 ({error})") from None


def _averaging(seconds: float | None) -> Response | None:
    if seconds is None:
        return None
    if not 0 < seconds < float("inf"):
        raise PowerError(f"--averaging {seconds:g}: expected the seconds over which the sensor averages, such as 0.14")
    return block(seconds, f"--averaging {seconds:g}")


class _Silent:
    """Stands in for a sensor while an outside meter records."""

    wraps: tuple[float, ...] | None = None

    def start(self) -> None:
        pass

    def check(self) -> None:
        pass

    def stop(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.zeros(0), np.zeros(0)


def _join(arguments: argparse.Namespace, averaging: Response | None) -> int:
    """An outside meter's readings, and the states that were recorded."""
    record = recordings.load_meter(arguments.meter, recordings.load_windows(arguments.out))
    if arguments.accuracy is None:
        raise PowerError("--meter: give --accuracy GAIN,WATTS from the meter's data sheet, such as 0.01,0.02")
    timing = timing_of(record)
    if averaging is not None:
        fit(averaging, METER, seconds=timing.seconds, settle=timing.settle, remedy="record again without the option")
    what = _recorded(arguments) | {"timing": asdict(timing)}
    return _finish(
        arguments, record, str(arguments.meter), _accuracy(arguments.accuracy, Accuracy(0, 0)), averaging, what
    )


def _recorded(arguments: argparse.Namespace) -> dict[str, Any]:
    """What a recording for an outside meter noted of its subject."""
    return recordings.load_subject(arguments.out) or work.describe(arguments)


def _measure(arguments: argparse.Namespace, sensor: Sensor | None, averaging: Response | None) -> int:
    with work.prepared(arguments) as subject:
        make_output("--out", arguments.out)
        timing = Timing(
            MIN_SECONDS if arguments.seconds is None else arguments.seconds,
            SETTLE if arguments.settle is None else arguments.settle,
        )
        response = averaging
        if sensor is not None:
            response = averaging or sensor.response
            if response is None:
                response = probe(
                    subject.workload, lambda: ThreadSampler(sensor, arguments.interval), sensor.name,
                    report=lambda text: print(text, flush=True),
                )  # fmt: skip
        if response is not None:
            name = METER if sensor is None else sensor.name
            fresh = FRESH if sensor is None or sensor.wraps is None else COUNTED
            timing = fit(response, name, seconds=arguments.seconds, settle=arguments.settle, fresh=fresh)
            minutes = len(subject.workload.states) * arguments.repeats * (timing.seconds + timing.settle) / 60
            print(
                f"{name}: a new value every {response.period:.3g} s ({response.source}), so windows of {timing.seconds:.3g} s after "
                f"{timing.settle:.3g} s; {minutes:.0f} minutes in all",
                flush=True,
            )
        sampler = _Silent() if sensor is None else ThreadSampler(sensor, arguments.interval)
        if sensor is None:
            print(
                "start the meter; its first marker belongs to the line that follows, its last one to the end",
                flush=True,
            )
        record = measure(
            subject.workload,
            sampler,
            seconds=timing.seconds,
            repeats=arguments.repeats,
            settle=timing.settle,
            report=lambda text: print(text, flush=True),
        )
        what = subject.what | {"timing": asdict(timing)}
    recordings.save(arguments.out, record, what)
    if sensor is None:
        print(
            f"{NOT_MEASURED} yet: {pasteable('bsff', 'power', '--out', arguments.out)} --meter FILE --accuracy GAIN,WATTS"
        )
        return 0
    accuracy = sensor.accuracy if arguments.accuracy is None else _accuracy(arguments.accuracy, sensor.accuracy)
    return _finish(arguments, record, f"{sensor.name} ({sensor.what})", accuracy, response, what)


def _finish(
    arguments: argparse.Namespace, record: Record, sensor: str, accuracy: Accuracy, response: Response | None, what: dict[str, Any]
) -> int:  # fmt: skip
    """Verify, estimate, write down, print."""
    remains = verify(record, response, sensor)
    result = estimate(record, accuracy, remains)
    repeats = len({window.repeat for window in record.windows})
    short = what["timing"]["seconds"] < MIN_SECONDS or repeats < MIN_REPEATS
    entry = {
        "measured": result.to_dict(),
        "sensor": sensor,
        "accuracy": vars(accuracy),
        "response": response and vars(response),
        "remains": remains,
        **what,
        "short": short,
    }
    write_output("--out", arguments.out / RESULT, entry)
    try:
        plot(record, result, arguments.out / PLOT)
    except ImportError:
        print("no picture: matplotlib is not installed")
    print(show.result(result))
    print(
        f"sensor: {sensor}; 95 % intervals of repeats and sensor (gain {accuracy.gain:g}, offset {accuracy.offset:g} W, "
        f"shunt {accuracy.shunt:g}, linearity {accuracy.curvature:g}); at most {100 * remains:.2g} % of a step between states left"
    )
    if short:
        print(f"short: a figure to publish needs windows of {MIN_SECONDS:g} s and {MIN_REPEATS} repeats")
    print(f"{arguments.out}: {RESULT}, {recordings.READINGS}, {recordings.WINDOWS}")
    return 0
