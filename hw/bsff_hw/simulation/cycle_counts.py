"""Cycles of a machine from its own counters, beside the formula and the bound that its weight memories set."""

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bsff.errors import DeviceError
from bsff.golden.state import NetworkState
from bsff.instruments.activity import Activity, activity
from bsff.machine import COUNTER_NAMES, Accelerator
from bsff_hw.plan import plan
from bsff_hw.plan.cycles import head_cycles, layer_cycles

SPREAD_SAMPLES = 50
"""Samples over which the spread of active taps is counted, in plain Python."""


@dataclass(frozen=True)
class BlockCycles:
    """What one block did, per sample."""

    name: str
    """``layer1`` ... or ``head``."""
    training: float
    inference: float
    """Cycles at work for a training sample (gated ones among them) and for one that is only judged."""
    stalls: float
    """Cycles of a training sample in which the block waited for the one behind it."""
    taps: float
    """Weight rows read forward."""
    density: float
    """Share of taps that were active, 0..1."""
    activity: Activity
    """How they were spread."""
    updated: float
    """Share of samples learnt from; the rest was gated or frozen."""
    formula: float
    """Training cycles that `bsff_hw.plan.cycles` gives for that activity and share."""
    bound: float
    """Training cycles that reading the weights takes, at all banks' full bandwidth."""


@dataclass(frozen=True)
class CycleCounts:
    """A measurement of a whole machine."""

    config: str
    samples: int
    blocks: tuple[BlockCycles, ...]
    elapsed: float | None
    """Cycles between the end of one training sample and the next, where the device tells its clock; the host's accesses
    are among them."""
    simulator: float | None
    """Simulated cycles a second."""

    @property
    def slowest(self) -> BlockCycles:
        """The block that sets the pipeline's rate."""
        return max(self.blocks, key=lambda b: b.training)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dataclasses.asdict(self)


def count_cycles(
    machine: Accelerator,
    device: Any,
    state: NetworkState,
    pixels: NDArray[np.uint8],
    labels: NDArray[Any],
    config_name: str,
) -> CycleCounts:
    """Present samples twice, learning and not, and read the counters.

    Parameters
    ----------
    machine : Accelerator
        With the state loaded that is to be measured; it learns from the samples.
    state : NetworkState
        The same, for the spread of active taps, which the golden model counts over the first `SPREAD_SAMPLES` of them.
    device : Device
        Of the machine; its attribute `cycles` is read if there is one.
    pixels, labels :
        As for `Accelerator.present`.

    Raises
    ------
    DeviceError
        If the device has no cycle counters.
    """
    if not machine.has_cycles:
        raise DeviceError("FEATURES.cycles is 0: this device has no clock; use --device rtl or a board")
    machine.clear_counters()
    before, began = getattr(device, "cycles", None), time.perf_counter()
    machine.present(pixels, labels, learn=True)
    seconds = time.perf_counter() - began
    passed = None if before is None else device.cycles - before
    training = machine.counters()
    machine.clear_counters()
    machine.present(pixels, labels, learn=False)
    inference = machine.counters()
    spread = activity(machine.config, state, pixels[:SPREAD_SAMPLES], labels[:SPREAD_SAMPLES])
    blocks = tuple(_block(machine, i, spread[i], training[i], inference[i]) for i in range(len(training)))
    return CycleCounts(
        config_name,
        len(labels),
        blocks,
        None if passed is None else passed / len(labels),
        None if passed is None else passed / seconds,
    )


def _block(machine: Accelerator, number: int, spread: Activity, trained: Any, judged: Any) -> BlockCycles:
    folded = plan(machine.config)
    count = dict(zip(COUNTER_NAMES, trained.tolist(), strict=True))
    other = dict(zip(COUNTER_NAMES, judged.tolist(), strict=True))
    samples = count["samples"]
    updated = count["updates"] / samples
    shape = machine.geometry
    if number < len(folded.layers):
        layer = shape.layers[number]
        density = count["taps"] / samples / (layer.positions * layer.rows * layer.levels)
        cycles = layer_cycles(folded.layers[number], spread)
    else:
        assert folded.head is not None
        density = count["taps"] / samples / folded.head.shape.largest
        cycles = head_cycles(folded.head, spread)
    return BlockCycles(
        name=shape.predictors[number],
        training=count["busy_cycles"] / samples,
        inference=other["busy_cycles"] / other["samples"],
        stalls=count["stall_cycles"] / samples,
        taps=count["taps"] / samples,
        density=density,
        activity=spread,
        updated=updated,
        formula=cycles.total(updated),
        bound=cycles.bandwidth_forward + updated * cycles.bandwidth_update,
    )


def table(result: CycleCounts) -> str:
    """The measurement as Markdown."""
    lines = [
        "| block | training cycles | inference cycles | stalls | active taps | density | updated | formula | measured / formula | bandwidth bound | measured / bound |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for b in result.blocks:
        lines.append(
            f"| {b.name} | {b.training:,.0f} | {b.inference:,.0f} | {b.stalls:,.0f} | {b.taps:,.0f} | {100 * b.density:.1f} % "
            f"| {100 * b.updated:.0f} % | {b.formula:,.0f} | {b.training / b.formula:.2f} | {b.bound:,.0f} "
            f"| {b.training / b.bound:.1f} |"
        )
    slowest = result.slowest
    lines += [
        "",
        f"{result.samples} samples. The slowest block is {slowest.name}: {slowest.training:,.0f} cycles a training sample.",
    ]
    if result.elapsed is not None:
        lines.append(f"Clock between samples, the host's accesses included: {result.elapsed:,.0f} cycles.")
    if result.simulator is not None:
        lines.append(f"Simulator: {result.simulator:,.0f} cycles/s.")
    return "\n".join(lines)
