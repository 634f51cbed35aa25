"""The saving of every network, M and way of counting, with its spread."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .assumptions import saving
from .counting import BASELINES, Counted, baseline_groups, counted, machine_groups
from .spread import Spread, spread


@dataclass(frozen=True)
class Row:
    """A saving."""

    counted: Counted
    gate: bool
    memory: bool
    baseline: str
    spread: Spread


def rows(found: Sequence[Counted], seed: int, draws: int) -> Iterator[Row]:
    """Savings against both baselines, with and without the gate and the memories; the draws of all rows are the same."""
    for each in found:
        for gate in (True, False):
            machine = machine_groups(each, gate=gate)
            for baseline in BASELINES:
                other = baseline_groups(each, baseline)
                for memory in (True, False):

                    def model(values, machine=machine, other=other, memory=memory):  # type: ignore[no-untyped-def]
                        return saving(machine, other, values, memory=memory)

                    yield Row(each, gate, memory, baseline, spread(model, np.random.default_rng(seed), draws))


def count_all(networks: Sequence[str], tiles: Sequence[int], presentations: int, folder: Path | None) -> list[Counted]:
    """Train and count every network with every M."""
    return [counted(network, tile, presentations, folder) for network in networks for tile in tiles]
