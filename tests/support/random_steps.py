"""A million training steps of random machines, RTL against golden model: ``python tests/support/random_steps.py --log FILE``.

Each piece is one random configuration, built for the simulator, and `STATES` random states that each learn from `SAMPLES`
random samples. All logits, all counters that both have and every bit of the state must be equal. A run goes on where
another ended; ``--first`` lets several work at one log.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from machines import random_samples, random_state, small_machine, unequal

from bsff.config import Config
from bsff.contract.formats import COUNTERS
from bsff.contract.geometry import geometry
from bsff.errors import BsffError
from bsff.machine import Accelerator
from bsff.machine.devices import open_device
from bsff.tools import pieces
from bsff.tools.cache import VARIABLE
from bsff.tools.pieces import Record
from bsff.tools.program import command

SAMPLES, STATES = 512, 32
CYCLES = 1000
"""Longest that a training sample may take by the formula, so that a simulated step takes milliseconds."""
PIECES = -(-1_000_000 // (SAMPLES * STATES))
FEATURES = ("kind", "eligibility", "normalisation", "centre", "tile", "pool", "groups", "weight_bits", "firing")


def piece(seed: int, number: int, *, samples: int = SAMPLES, states: int = STATES) -> Record:
    """Learn on both, compare.

    Raises
    ------
    BsffError
        If they differ, with the seed, the piece and what differs.
    """
    rng = np.random.default_rng([seed, number, 9])
    config = small_machine(rng, cycles=CYCLES)
    shape, began, updates = geometry(config), time.perf_counter(), 0
    with ExitStack() as stack:
        machines = [stack.enter_context(_machine(device, config)) for device in ("emulated", "rtl")]
        for _ in range(states):
            state = random_state(shape, rng)
            state.layers[int(rng.integers(len(state.layers)))].learn[...] = True
            pixels, labels = random_samples(shape, rng, samples)
            seen = []
            for machine in machines:
                machine.load(state)
                machine.clear_counters()
                logits = machine.present(pixels, labels, learn=True, results=True)
                seen.append((logits, machine.counters()[:, : len(COUNTERS)], machine.read_state()))
            golden, rtl = seen
            differing = unequal(golden[2], rtl[2])
            for name, one, two in zip(("logits", "counters"), golden[:2], rtl[:2], strict=True):
                differing += [name] * (not np.array_equal(one, two))
            if differing:
                raise BsffError(f"seed {seed}, piece {number}: RTL and golden model differ in {', '.join(differing)}")
            updates += int(golden[1][:, COUNTERS.index("updates")].sum())
    layers = [{key: getattr(layer, key) for key in FEATURES} for layer in config.layers]
    return {
        "steps": samples * states,
        "updates": updates,
        "shape": list(shape.pixels),
        "classes": shape.classes,
        "encoding": config.data.encoding,
        "head": config.head.enabled,
        "layers": layers,
        "weights": sum(layer.weights for layer in shape.layers),
        "seconds": round(time.perf_counter() - began, 1),
    }


@contextmanager
def _machine(device: str, config: Config) -> Iterator[Accelerator]:
    """The machine, with a simulator in a folder of its own: it is used once, so it need not be kept."""
    before = os.environ.get(VARIABLE)
    with tempfile.TemporaryDirectory() as folder:
        if device == "rtl":
            os.environ[VARIABLE] = folder
        try:
            opened = open_device(device, config)
        finally:
            os.environ.pop(VARIABLE, None)
            if before is not None:
                os.environ[VARIABLE] = before
        with Accelerator(opened, config, timeout=600.0) as machine:
            yield machine


def page(records: list[Record]) -> str:
    """The text of ``docs/results/random-steps.md``."""
    steps = sum(record["steps"] for record in records)
    layers = [layer for record in records for layer in record["layers"]]
    rows = {
        "layers": [len(record["layers"]) for record in records],
        "classes": [record["classes"] for record in records],
        "encoding": [record["encoding"] for record in records],
        "head": [record["head"] for record in records],
        **{key: [layer[key] for layer in layers] for key in FEATURES if key != "firing"},
        "firing target": ["yes" if layer["firing"] else "no" for layer in layers],
    }
    lines = [
        "# Random training steps, RTL against golden model",
        "",
        f"Made by `python tests/support/random_steps.py --log docs/results/random-steps.jsonl`, which may be ended and begun again. **{steps:,} training steps** of {len(records):,} random machines "
        f"({sum(record['updates'] for record in records):,} updates of their layers and heads), seed {records[0]['seed']}: every logit, every counter that both have, and every bit of the state after each "
        f"{SAMPLES} steps, on the simulated RTL and in the golden model's compiled engine. **None differs.** {sum(record['seconds'] for record in records) / 3600:.1f} hours by the clock, compilation by Verilator and what stopped or slowed a piece included.",
        "",
        f"A million steps are {PIECES} machines: what is missing to them goes on with the same command and the same log.",
        "",
        "| what | how many machines, or layers of them, have it |",
        "|---|---|",
    ]
    for name, values in rows.items():
        kinds = sorted(set(values), key=str if isinstance(values[0], str) else None)
        lines.append(f"| {name} | {', '.join(f'{kind}: {values.count(kind)}' for kind in kinds)} |")
    return "\n".join([*lines, ""])


@command("random_steps")
def main(words: Sequence[str] | None = None, /) -> int:
    """Do the pieces that are missing, print the page."""
    parser = argparse.ArgumentParser(
        description="Train random machines on RTL and golden model, compare; print Markdown."
    )
    parser.add_argument("--log", type=Path, required=True, help="pieces that are done; they are not done again")
    parser.add_argument("--seed", type=int, default=1, help="of configurations, states and samples (default 1)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first piece (default 0)")
    parser.add_argument(
        "--pieces",
        type=int,
        default=PIECES,
        metavar="N",
        help=f"pieces from there on (default {PIECES}: a million steps)",
    )
    chosen = parser.parse_args(words)
    numbers = range(chosen.first, chosen.first + chosen.pieces)

    def do(number: int) -> Record:
        record = piece(chosen.seed, number)
        print(f"piece {number}: {record['steps']} steps equal, {record['seconds']} s", file=sys.stderr, flush=True)
        return record

    records = pieces.work(chosen.log, chosen.seed, numbers, do)
    print(page(records), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
