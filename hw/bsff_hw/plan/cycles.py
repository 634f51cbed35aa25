"""How many clock cycles a layer takes for a sample: the formula that the solver uses and `bsff bench` is held against.

docs/folding.md derives it.
"""

import functools
import math
from dataclasses import dataclass

from .head import HeadPlan
from .latencies import ROW, softmax_cycles
from .layer import LayerPlan
from .memories import BLOCK_WIDTH, blocks, distributed

PIPELINE = 24
"""Cycles of a phase in which pipelines fill and drain."""


@dataclass(frozen=True)
class Cycles:
    """Cycles of the phases of one sample."""

    forward: float
    """Until every p-bit has fired and the map is out."""
    judge: float
    """Goodness, softmax, loss."""
    update: float
    """The update of a sample that is learnt from."""
    bandwidth_forward: float
    bandwidth_update: float
    """`bandwidth_forward` and `bandwidth_update`: the least that moving the weights takes with the memories that hold
    them, without any other limit: reading those of the active taps, and rewriting each once."""
    forward_held: str
    update_held: str
    """What sets the pace of a phase, see `HELD`."""

    def total(self, updated: float = 1.0) -> float:
        """Cycles a sample if a share `updated` of them is learnt from."""
        return self.forward + self.judge + updated * self.update


HELD = {
    "rows": "weight rows: more banks or lanes",
    "p-bits": "p-bits: more tiles",
    "window": "columns of the window, which take a cycle for each row of the kernel",
    "sites": "active sites: more update_banks",
    "lanes": "weights that change at a time: more update_lanes",
    "fetch": f"the {ROW} cycles in which a weight row is fetched",
    "gather": "rows of the map, which are gathered two or four a cycle",
    "beats": "beats of the maps that the head reads: more tiles of their layers",
    "inputs": "active inputs of the head, one a cycle",
}
"""What may set the pace of a phase, and the folding key that cures it."""


@functools.lru_cache(maxsize=100_000)
def most(count: int, density: float, sets: int, least: float = 1) -> float:
    """Expected largest number of ones among `sets` words of `count` bits, each 1 with probability `density`.

    The words are worked off side by side, so the fullest decides; what else goes on takes `least` cycles in any case.
    """
    density = min(max(density, 0.0), 1.0)
    least = max(1, math.ceil(least))
    if count == 0 or density == 0.0:
        return float(least)
    if density == 1.0:
        return float(max(count, least))
    below, expected = 0.0, float(least)  # E[max(m, N)] = m + sum over k >= m of P(N > k)
    for k in range(count + 1):
        chosen = math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1)
        below += math.exp(chosen + k * math.log(density) + (count - k) * math.log1p(-density))
        if k >= least:
            expected += 1 - min(below, 1.0) ** sets
    return expected


def row_bandwidth(plan: LayerPlan) -> float:
    """Weights that the memories of the rows can deliver in a cycle.

    A block RAM gives `BLOCK_WIDTH` bits a cycle, however few of them a folding asks for.
    """
    width, sets = plan.row_lanes * plan.weight_bits, plan.parts * plan.banks
    if distributed(plan.depth, width):
        return plan.lanes * plan.banks
    return sets * blocks(plan.depth, width) * BLOCK_WIDTH / plan.weight_bits


def layer_cycles(plan: LayerPlan, density: float, site_density: float | None = None) -> Cycles:
    """Cycles of a layer whose inputs are on with probability `density`.

    Parameters
    ----------
    density : float
        Share of active taps, 0..1; of counts, the share of their unary bits.
    site_density : float, optional
        Share of sites that a tap reaches with any of its positions; by default as for independent inputs.
    """
    beats = most(-(-plan.taps // plan.banks) * plan.levels, density, plan.parts * plan.banks)
    fold = max(beats, plan.lanes / plan.tiles)
    column = plan.kernel[0] + 2
    position = max(plan.folds * fold, column)
    forward_held = "window" if column > plan.folds * fold else "rows" if beats >= plan.lanes / plan.tiles else "p-bits"
    rows, positions = plan.shape.conv[0], plan.shape.positions
    # a row begins with as many columns as the kernel has, less one, that are no position; the last position's work hides some of it
    turn = max(0.0, plan.kernel[1] * column - position)
    forward = positions * position + rows * turn + PIPELINE

    judge = plan.channels + softmax_cycles(plan.classes) + PIPELINE

    if site_density is None:
        site_density = 1 - (1 - density) ** plan.site_bits
    # taps at the edge see padding, the same share on average as the forward pass does
    sets, chunks = plan.parts * plan.site_banks, plan.levels * plan.chunks
    # a row waits for whatever of it is slowest: the next chunk is gathered meanwhile; a row's sums and
    # weights are there before the row ahead is worked off
    others = {"lanes": plan.row_steps, "fetch": ROW, "gather": chunks * plan.gather_cycles}
    slowest = max(others, key=lambda name: others[name])
    row = chunks * most(plan.chunk_depth, site_density, sets, others[slowest] / chunks)
    sites = chunks * most(plan.chunk_depth, site_density, sets)
    update_held = "sites" if sites >= others[slowest] else slowest
    update = 2 * plan.channels + plan.taps * plan.folds * row + 2 * PIPELINE
    bandwidth = row_bandwidth(plan)
    active = positions * plan.groups * plan.taps * plan.levels * density
    weights = active * plan.shape.group_channels / bandwidth
    rewritten = plan.groups * plan.taps * plan.shape.group_channels / bandwidth
    return Cycles(forward, judge, update, weights, rewritten, forward_held, update_held)


def head_cycles(plan: HeadPlan, density: float) -> Cycles:
    """Cycles of the head for maps of which a share `density` of the unary bits is on."""
    words = sum(source.words * most(source.word, density, 1) for source in plan.sources)
    held = "inputs" if words > 1.5 * plan.words else "beats"
    touched = sum(source.words * most(source.beat, 1 - (1 - density) ** source.levels, 1) for source in plan.sources)
    return Cycles(
        words + PIPELINE,
        softmax_cycles(plan.classes) + PIPELINE,
        touched + PIPELINE,
        plan.shape.largest * density,
        plan.rows * density,
        held,
        held,
    )
