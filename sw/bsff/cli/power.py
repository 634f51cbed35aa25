"""``bsff power CONFIG``."""

import argparse
from pathlib import Path
from typing import Any

from bsff.contract.geometry import geometry
from bsff.errors import PowerError
from bsff.instruments.power import Accuracy, Record, Result, Sensor, estimate, measure, scan
from bsff.instruments.power import files as recordings
from bsff.instruments.power.plot import NAME as PLOT
from bsff.instruments.power.plot import plot
from bsff.instruments.power.protocol import MIN_REPEATS, MIN_SECONDS
from bsff.instruments.power.sampler import ThreadSampler
from bsff.instruments.power.scan import choose
from bsff.instruments.power.workload import MachineWorkload
from bsff.machine import Accelerator
from bsff.machine.devices import open_device
from bsff.machine.initialise import initialise

from .options import add_config, add_data, add_device, add_out, make_output, pasteable, write_output
from .with_data import config_with_data

RESULT = "power.json"
NOT_MEASURED = "power: not measured"


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "power",
        help="joules per training sample, by a power sensor",
        description="Measure joules per training sample: idle machine, the same traffic without the machine's work, and "
        "training, interleaved. Without a sensor nothing is measured, and nothing is estimated in its place.",
    )
    add_config(parser, optional=True)
    add_device(parser)
    parser.add_argument("--list", action="store_true", help="list the sensors found, with a reading of each")
    parser.add_argument("--sensor", metavar="NAME", help="one of the list, or chip:bus/address as ina226:1/0x40")
    parser.add_argument("--shunt", type=float, default=0.01, metavar="OHM", help="shunt of an INA219 or INA226")
    parser.add_argument(
        "--accuracy",
        metavar="GAIN,WATTS",
        help="half-widths of the sensor's 95 %% intervals: relative gain and offset, if you know better than its driver",
    )
    parser.add_argument("--seconds", type=float, default=MIN_SECONDS, help="of a window (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=MIN_REPEATS, help="of all states (default: %(default)s)")
    parser.add_argument("--settle", type=float, default=1.0, help="seconds in a state before its window")
    parser.add_argument("--interval", type=float, default=0.02, help="seconds between readings")
    parser.add_argument(
        "--meter", type=Path, metavar="CSV", help="readings of an outside meter for the recording in --out"
    )
    parser.add_argument("--record", action="store_true", help="go through the states for an outside meter, no sensor")
    add_out(parser, "folder of the recording (default: runs/power)", default=Path("runs/power"))
    add_data(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List, record, or measure."""
    if arguments.list:
        return _list(scan())
    if arguments.meter is not None:
        record = recordings.load_meter(arguments.meter, recordings.load_windows(arguments.out))
        if arguments.accuracy is None:
            raise PowerError("--meter: give --accuracy GAIN,WATTS from the meter's data sheet, such as 0.01,0.02")
        return _finish(arguments, record, str(arguments.meter), _accuracy(arguments.accuracy))
    if arguments.config is None:
        raise PowerError("which network? Give its configuration, as in `bsff power digits`, or --list or --meter")
    sensor = choose(arguments.sensor, scan(), shunt_ohms=arguments.shunt)
    if sensor is None and not arguments.record:
        make_output("--out", arguments.out)
        write_output("--out", arguments.out / RESULT, {"measured": None, "why": "no sensor"})
        print(
            f"{NOT_MEASURED}: no sensor in hwmon or iio. Name one on I2C with --sensor, or use --record and an outside meter"
        )
        return 0
    return _measure(arguments, sensor)


def _list(sensors: list[Sensor]) -> int:
    for sensor in sensors:
        try:
            reading = f"{sensor.read():.3f} W"
        except PowerError as error:
            reading = str(error)
        print(f"{sensor.name:<28} {sensor.what:<32} {reading}")
    if not sensors:
        print("no sensor in hwmon or iio; chips on I2C are named with --sensor, as ina226:1/0x40")
    return 0


def _accuracy(text: str) -> Accuracy:
    try:
        gain, offset = map(float, text.split(","))
        return Accuracy(gain, offset)
    except ValueError as error:
        raise PowerError(f"--accuracy {text}: expected GAIN,WATTS such as 0.01,0.02 ({error})") from None


class _Silent:
    """Stands in for a sensor while an outside meter records."""

    def start(self) -> None:
        pass

    def check(self) -> None:
        pass

    def stop(self) -> Any:
        import numpy as np

        return np.zeros(0), np.zeros(0)


def _measure(arguments: argparse.Namespace, sensor: Sensor | None) -> int:
    config, data = config_with_data(arguments)
    device = open_device(arguments.device, config)
    with Accelerator(device, config, timeout=600.0) as machine:
        machine.load(initialise(config, geometry(config), data.train_images))
        parts = list(config.blocks.values())
        machine.set_steps([part.step for part in parts])
        machine.set_learning([True] * len(parts))
        workload = MachineWorkload(machine, device, data.train_images, data.train_labels)
        workload.run("training", min(2.0, arguments.seconds))  # tells the rate
        make_output("--out", arguments.out)
        sampler = _Silent() if sensor is None else ThreadSampler(sensor, arguments.interval)
        if sensor is None:
            print(
                "start the meter; its first marker belongs to the line that follows, its last one to the end",
                flush=True,
            )
        record = measure(
            workload,
            sampler,
            seconds=arguments.seconds,
            repeats=arguments.repeats,
            settle=arguments.settle,
            report=lambda text: print(text, flush=True),
        )
    recordings.save(arguments.out, record)
    if sensor is None:
        print(
            f"{NOT_MEASURED} yet: {pasteable('bsff', 'power', '--out', arguments.out)} --meter FILE --accuracy GAIN,WATTS"
        )
        return 0
    accuracy = sensor.accuracy if arguments.accuracy is None else _accuracy(arguments.accuracy)
    return _finish(arguments, record, f"{sensor.name} ({sensor.what})", accuracy)


def _finish(arguments: argparse.Namespace, record: Record, sensor: str, accuracy: Accuracy) -> int:
    """Estimate, write down, print."""
    result = estimate(record, accuracy)
    short = arguments.seconds < MIN_SECONDS or arguments.repeats < MIN_REPEATS
    entry = {
        "measured": result.to_dict(),
        "sensor": sensor,
        "accuracy": vars(accuracy),
        "device": arguments.device,
        "config": arguments.config,
        "short": short,
    }
    write_output("--out", arguments.out / RESULT, entry)
    try:
        plot(record, result, arguments.out / PLOT)
    except ImportError:
        print("no picture: matplotlib is not installed")
    print(table(result))
    print(
        f"sensor: {sensor}; 95 % intervals of repeats and sensor (gain {accuracy.gain:g}, offset {accuracy.offset:g} W, "
        f"shunt {accuracy.shunt:g}, linearity {accuracy.curvature:g})"
    )
    if short:
        print(f"short: a figure to publish needs windows of {MIN_SECONDS:g} s and {MIN_REPEATS} repeats")
    print(f"{arguments.out}: {RESULT}, {recordings.READINGS}, {recordings.WINDOWS}")
    return 0


def table(result: Result) -> str:
    """The result for a terminal."""
    lines = [f"{'':<22}{'value':>12}{'+-':>12}   of it repeats, sensor"]
    rows = [(f"{state}, W", interval, 1.0) for state, interval in result.watts.items()]
    rows += [("total, mJ/sample", result.total, 1e3), ("above idle, mJ/sample", result.dynamic, 1e3)]
    if result.core is not None:
        rows.append(("above traffic, mJ/s.", result.core, 1e3))
    for name, interval, unit in rows:
        value, half, spread, share = (
            unit * x for x in (interval.value, interval.half, interval.spread, interval.sensor)
        )
        lines.append(f"{name:<22}{value:>12.5g}{half:>12.2g}   {spread:.2g}, {share:.2g}")
    lines.append(f"{result.samples_per_second:,.1f} training samples/s")
    return "\n".join(lines)
