"""How many operations a training sample takes, by algorithm, for the same network.

What depends on the data (active taps, samples that are gated) comes from the machine's counters; what does not, from
the geometry. All are operations of arithmetic and words moved to and from the memories beside them; control,
clock and wires are not counted, in any of them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.contract.formats import COUNTERS, GAIN_BITS
from bsff.contract.geometry import Geometry, HeadGeometry, LayerGeometry
from bsff.contract.numerics import accumulator_width
from bsff.errors import ConfigError

from .published import Energies

ALGORITHMS = ("bgbsff", "bsff", "real forward-forward", "backpropagation")
"""This machine; the same with a real-valued eligibility; real activations with a local loss; real, with a backward pass."""
_FLOAT = 32
_COUNT = 8
"""Width of the counters that sum the eligibility."""


@dataclass(frozen=True)
class Counts:
    """Operations of one training sample."""

    operations: dict[str, tuple[float, float]]
    """For each kind of operation its number, and the picojoules of one."""

    @property
    def picojoules(self) -> float:
        """Of all."""
        return sum(number * each for number, each in self.operations.values())

    @property
    def memory(self) -> float:
        """Picojoules of what is read and written."""
        return sum(number * each for kind, (number, each) in self.operations.items() if kind.startswith("memory"))


def count(shape: Geometry, counters: NDArray[np.int64], algorithm: str, energies: Energies | None = None) -> Counts:
    """Operations of a training sample.

    Parameters
    ----------
    counters : array of int, shape (blocks, len(COUNTERS) or more)
        From `Accelerator.counters`, after some samples were trained.
    algorithm : str
        One of `ALGORITHMS`.

    Raises
    ------
    ConfigError
        If the algorithm is not known, or no sample was counted.
    """
    if algorithm not in ALGORITHMS:
        raise ConfigError(f"algorithm {algorithm!r}: expected one of {', '.join(ALGORITHMS)}")
    table = [dict(zip(COUNTERS, row, strict=False)) for row in counters[:, : len(COUNTERS)].tolist()]
    if not table or not all(row["samples"] for row in table):
        raise ConfigError("the counters have seen no sample; train some before they are read")
    each = Energies() if energies is None else energies
    tally: dict[str, tuple[float, float]] = {}

    def note(kind: str, number: float, energy: float) -> None:
        before, per = tally.get(kind, (0.0, energy))
        total = before + number
        # one price a kind: widths differ between layers, so the price is their mean
        tally[kind] = (total, (before * per + number * energy) / total if total else energy)

    for number, layer in enumerate(shape.layers):
        if algorithm in ("bgbsff", "bsff"):
            _stochastic(note, layer, _rates(table[number]), each, real=algorithm == "bsff")
        else:
            _dense(note, layer, each, backward=algorithm == "backpropagation" and number > 0)
    if shape.head is not None:
        rates = _rates(table[-1])
        if algorithm in ("bgbsff", "bsff"):
            _head(note, shape.head, rates, each)
        else:
            _dense_head(note, shape.head, each, backward=algorithm == "backpropagation")
    return Counts(tally)


def _rates(row: dict[str, int]) -> dict[str, float]:
    return {name: value / row["samples"] for name, value in row.items()}


def _stochastic(note: Any, layer: LayerGeometry, rates: dict[str, float], each: Energies, *, real: bool) -> None:
    config = layer.config
    width, bits = layer.group_channels, config.weight_bits
    accumulator = accumulator_width(layer)
    units = layer.positions * config.channels
    note("forward additions", rates["taps"] * width, each.add(accumulator))
    note("memory, weights forward", rates["taps"] * width, each.memory(bits))
    note("p-bits (an addition and a comparison)", layer.positions * layer.draws, 2 * each.add(accumulator))
    pairs = rates["update_taps"] * width
    if real:  # sigma' of every unit of a sample that is learnt from: a table with interpolation
        note(
            "eligibility (float multiply-add)",
            rates["updates"] * units * config.tile,
            each.float_multiply + each.float_add,
        )
        note("update additions", pairs, each.float_add)
        note("update multiplications", rates["updates"] * layer.weights, each.float_multiply)
    else:
        note("update additions", pairs, each.add(_COUNT))
        note("update multiplications", rates["updates"] * layer.weights, each.multiply(bits, _COUNT))
    note("memory, eligibility", pairs, each.memory(_FLOAT if real else 2))
    note("rounding and writing back (two additions)", rates["updates"] * layer.weights, 2 * each.add(bits + GAIN_BITS))
    note("memory, weights updated", 2 * rates["updates"] * layer.weights, each.memory(bits))


def _head(note: Any, head: HeadGeometry, rates: dict[str, float], each: Energies) -> None:
    bits = head.config.weight_bits
    note("forward additions", rates["taps"] * head.classes, each.add(_FLOAT))
    note("memory, weights forward", rates["taps"] * head.classes, each.memory(bits))
    note(
        "rounding and writing back (two additions)", rates["update_taps"] * head.classes, 2 * each.add(bits + GAIN_BITS)
    )
    note("memory, weights updated", 2 * rates["update_taps"] * head.classes, each.memory(bits))


def _dense(note: Any, layer: LayerGeometry, each: Energies, *, backward: bool) -> None:
    """Every tap of every position, in floats: forward, weight gradient, and the gradient of the inputs if it is needed."""
    products = layer.positions * layer.taps * layer.config.channels
    passes = 3 if backward else 2
    note("multiply-adds (float)", passes * products, each.float_multiply + each.float_add)
    # a weight stays in a register for the positions of a row, an activation for the channels: the reads that remain
    note("memory, weights", (passes + 1) * layer.weights, each.memory(_FLOAT))
    activations = layer.positions * (layer.taps + layer.config.channels)
    note("memory, activations", passes * activations, each.memory(_FLOAT))


def _dense_head(note: Any, head: HeadGeometry, each: Energies, *, backward: bool) -> None:
    weights = head.rows * head.classes
    note("multiply-adds (float)", (3 if backward else 2) * weights, each.float_multiply + each.float_add)
    note("memory, weights", 3 * weights, each.memory(_FLOAT))
    note("memory, activations", 2 * (head.rows + head.classes), each.memory(_FLOAT))
