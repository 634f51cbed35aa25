"""Speed of the golden model: ``python -m bsff.studies.engine_speed``.

Trains each configuration on its data set for a while after a warm-up, and prints samples per second, where the time
goes, and how near the engine is to the bound that adding weight rows sets.
"""

import argparse
import os
import platform
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.config import Config, load
from bsff.contract import numerics
from bsff.contract.formats import COUNTERS
from bsff.contract.geometry import Geometry, geometry
from bsff.data import load_dataset
from bsff.golden import engine
from bsff.golden.engine import pipeline
from bsff.golden.results import Results
from bsff.golden.state import NetworkState
from bsff.machine.initialise import initialise
from bsff.tools.program import command
from bsff.tools.provenance import processor


def adds_per_second(*, seconds: float = 0.5) -> float:
    """Measured speed of adding rows of 240 16-bit weights to 32-bit sums on one core, all in the first-level cache.

    The same loop as the forward pass, without choosing rows: the engine's upper bound on this machine.
    """
    from numba import njit

    @njit(nogil=True)
    def add(rows: Any, total: Any, rounds: int) -> None:
        for _ in range(rounds):
            for i in range(rows.shape[0]):
                row = rows[i]
                for j in range(total.size):
                    total[j] += row[j]

    rows, total = np.ones((32, 240), np.int16), np.zeros(240, np.int32)
    add(rows, total, 1)
    rounds, spent = 1000, 0.0
    while spent < seconds:
        rounds *= 2
        start = time.perf_counter()
        add(rows, total, rounds)
        spent = time.perf_counter() - start
    return rounds * rows.size / spent


def prepare(config: Config, data: Any) -> tuple[Geometry, NetworkState, NDArray[np.uint8], NDArray[np.uint8]]:
    """A machine at the start of training with its configured steps, and the training set."""
    shape = geometry(config)
    state = initialise(config, shape, data.train_images)
    for layer, part in zip(shape.layers, state.layers, strict=True):
        part.step[...] = numerics.layer_step_register(layer.config.step, layer)
        part.learn[...] = True
    if state.head is not None:
        state.head.step[...] = numerics.step_register(config.head.step, config.head.fraction_bits)
        state.head.learn[...] = True
    return shape, state, data.train_images, data.train_labels


def stage_times(config: Config, shape: Geometry, state: NetworkState, pixels: Any, labels: Any) -> dict[str, float]:
    """Seconds that each stage takes for the samples given, one after another in one thread."""
    results = Results.empty(len(labels), len(shape.predictors), shape.classes)
    times: dict[str, float] = {}
    block = slice(0, len(labels))
    made: list[NDArray[np.uint8]] = []
    for name, stage in zip(
        ("encoder", *shape.predictors), pipeline.chain(config, shape, state, labels, results), strict=True
    ):
        start = time.perf_counter()
        made.append(stage.work([made[i] for i in stage.reads] or [pixels], block))
        times[name] = time.perf_counter() - start
    return times


def measure(name: str, folder: Path | None, *, warm: int, samples: int) -> None:
    """Print the figures of one configuration."""
    config = load(name)
    data = load_dataset(config.data, folder=folder)
    shape, state, pixels, labels = prepare(config, data)
    order = np.random.default_rng(0).permutation(len(labels))

    def run(count: int, threads: int) -> tuple[float, Any]:
        nonlocal order
        chosen, order = order[:count], np.roll(order, -count)
        start = time.perf_counter()
        results = engine.run(config, shape, state, pixels[chosen], labels[chosen], threads=threads)
        return len(chosen) / (time.perf_counter() - start), results

    run(min(warm, len(labels)), os.cpu_count() or 1)
    print(f"\n## {name}: {shape.weights:,} weights, measured after {warm:,} training samples\n")
    print("| threads | training samples/s |\n|---|---|")
    counters = None
    for threads in (1, os.cpu_count() or 1):
        rate, results = run(samples, threads)
        counters = results.counters / samples
        print(f"| {threads} | {rate:,.0f} |")
    assert counters is not None
    chosen = order[:samples]
    times = stage_times(config, shape, state, pixels[chosen], labels[chosen])
    peak = adds_per_second()
    print(
        f"\nStages, one thread. Adds are row elements added, 16 bits wide forward and 8 in the update; the bound is "
        f"{peak / 1e9:.1f} G adds/s, measured on rows in the first-level cache.\n"
    )
    print(
        "| stage | us/sample | share | learnt from | adds/sample | G adds/s | of the bound |\n|---|---|---|---|---|---|---|"
    )
    total = sum(times.values())
    for index, (stage, seconds) in enumerate(times.items()):
        text = f"| {stage} | {1e6 * seconds / samples:.0f} | {100 * seconds / total:.0f} % |"
        if index == 0:
            print(f"{text} | | | |")
            continue
        row = dict(zip(COUNTERS, counters[index - 1], strict=True))
        width = shape.layers[index - 1].group_channels if index <= len(shape.layers) else shape.classes
        adds = (row["taps"] + row["update_taps"]) * width
        speed = adds * samples / seconds
        print(f"{text} {100 * row['updates']:.0f} % | {adds:,.0f} | {speed / 1e9:.2f} | {100 * speed / peak:.0f} % |")


@command("engine_speed")
def main(words: Sequence[str] | None = None, /) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        prog="python -m bsff.studies.engine_speed", description="Speed of the golden model."
    )
    parser.add_argument("configs", nargs="*", default=["digits", "mnist-small", "mnist"], metavar="CONFIG")
    parser.add_argument("--data", type=Path, metavar="DIR")
    parser.add_argument("--warm", type=int, default=3000, metavar="N", help="training samples before the clock starts")
    parser.add_argument("--samples", type=int, default=1000, metavar="N", help="training samples timed")
    arguments = parser.parse_args(words)
    asked = shlex.join(["python", "-m", "bsff.studies.engine_speed", *(sys.argv[1:] if words is None else words)])
    print(f"# Speed of the golden model\n\nMade by `{asked}`. {processor()}, Python {platform.python_version()}.")
    for name in arguments.configs:
        measure(name, arguments.data, warm=arguments.warm, samples=arguments.samples)
    return 0


if __name__ == "__main__":
    sys.exit(main())
