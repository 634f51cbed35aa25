"""``bsff energy RUN``."""

import argparse
import json
from pathlib import Path
from typing import Any

from bsff.data import load_dataset
from bsff.errors import PowerError
from bsff.instruments.energy import ALGORITHMS, SOURCE, Counts, count, learnt
from bsff.instruments.power import Interval
from bsff.machine import Accelerator
from bsff.machine.devices import open_device
from bsff.training.run import RunDirectory
from bsff.training.train import order

from .options import add_data, add_device, add_run, add_samples, check_samples, pasteable, write_output

RESULT = "energy.json"


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "energy",
        help="energy of a training sample: estimated and measured, apart",
        description="Energy of a training sample in three columns that are never mixed: counted operations times published "
        "energies, switching activity, and what a sensor measured.",
    )
    add_run(parser)
    add_samples(parser, 200, "training samples to count over")
    add_device(parser)
    parser.add_argument(
        "--toggles",
        type=int,
        default=0,
        metavar="N",
        help="count the bits that change in N samples of the simulated Verilog (compiled apart, minutes)",
    )
    parser.add_argument("--power", type=Path, metavar="DIR", help="a recording of `bsff power` for the third column")
    add_data(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train a few samples, read the counters, multiply, print."""
    check_samples(arguments)
    directory = RunDirectory(arguments.directory)
    config, state, _ = directory.load()
    data = load_dataset(config.data, folder=arguments.data)
    chosen = order(config, 0, len(data.train_labels))[: arguments.samples]
    with Accelerator(open_device(arguments.device, config), config, timeout=600.0) as machine:
        machine.load(state)
        counters, shape = learnt(machine, data.train_images[chosen], data.train_labels[chosen]), machine.geometry
    parts = list(config.blocks.values())
    measured = _measured(arguments.power)
    toggles = _toggles(config, state, parts, data, chosen[: arguments.toggles]) if arguments.toggles > 0 else None
    counts = {name: count(shape, counters, name) for name in ALGORITHMS}
    print(f"{config.name}, per training sample, mean of {len(chosen)}, weights of {arguments.directory}\n")
    print(_table(counts, toggles, measured))
    print(f"\nThis machine, operation by operation:\n{_operations(counts['bgbsff'])}")
    print(
        f"\ncounted: operations times energies of {SOURCE}. An estimate for an ASIC; control, clock and wires left out."
    )
    print(f"activity: {_ACTIVITY if toggles else 'not counted; --toggles N counts it in N samples'}")
    print(f"measured: {'by ' + measured['sensor'] if measured else 'not measured'}")
    record = {
        "config": config.name,
        "samples": len(chosen),
        "source": SOURCE,
        "measured": measured and measured["measured"],
        "toggles": toggles,
        "counted_picojoules": {name: c.picojoules for name, c in counts.items()},
        "operations": {name: {kind: list(pair) for kind, pair in c.operations.items()} for name, c in counts.items()},
    }
    write_output("RUN", directory.path / RESULT, record)
    return 0


def _measured(folder: Path | None) -> dict[str, Any] | None:
    if folder is None:
        return None
    path = folder / "power.json"
    try:
        record = dict(json.loads(path.read_text(encoding="utf-8")))
        if record.get("measured"):
            _ = Interval(**record["measured"]["dynamic"]), record["sensor"]  # what is shown of it
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PowerError(
            f"{path}: cannot be read ({error}); record with `{pasteable('bsff', 'power', '--out', folder)}` first"
        ) from None
    return record if record.get("measured") else None


_ACTIVITY = (
    "changes of bits a sample in the simulated Verilog, without clock and memories; a signal counts in each module that "
    "it passes. No energy of a change on an FPGA is published, so it stays a number of changes."
)


def _toggles(config: Any, state: Any, parts: list[Any], data: Any, chosen: Any) -> float:
    """Changes of bits per training sample, the loading of the state left out."""
    device: Any = open_device("rtl", config, toggles=True)  # of the gateware; needs a compiler
    with Accelerator(device, config, timeout=3600.0) as machine:
        machine.load(state)
        machine.set_steps([part.step for part in parts])
        machine.set_learning([True] * len(parts))
        before = device.toggles()
        machine.present(data.train_images[chosen], data.train_labels[chosen], learn=True)
        return (device.toggles() - before) / len(chosen)


def _table(counts: dict[str, Counts], toggles: float | None, measured: dict[str, Any] | None) -> str:
    lines = [f"{'':<24}{'counted, uJ':>12}{'of it memory':>14}{'ratio':>8}{'activity':>22}{'measured, uJ':>26}"]
    activity = "not counted" if toggles is None else f"{toggles:,.0f} toggles"
    base = counts[ALGORITHMS[0]].picojoules
    for name, counted in counts.items():
        column = "not measured"
        if measured and name == ALGORITHMS[0]:
            dynamic = Interval(**measured["measured"]["dynamic"])
            column = f"{1e6 * dynamic.value:.4g} +- {1e6 * dynamic.half:.2g} above idle"
        elif name != ALGORITHMS[0]:
            column = ""
        lines.append(
            f"{name:<24}{1e-6 * counted.picojoules:>12.4g}{1e-6 * counted.memory:>14.4g}{counted.picojoules / base:>8.1f}"
            f"{activity if name == ALGORITHMS[0] else '':>22}{column:>26}"
        )
    return "\n".join(lines)


def _operations(counts: Counts) -> str:
    rows = sorted(counts.operations.items(), key=lambda item: -item[1][0] * item[1][1])
    return "\n".join(
        f"  {kind:<42}{number:>16,.0f} x {each:>8.3f} pJ = {1e-6 * number * each:>10.4g} uJ"
        for kind, (number, each) in rows
    )
