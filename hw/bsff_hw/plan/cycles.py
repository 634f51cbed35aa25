"""How many clock cycles a layer takes for a sample: the formula that the solver uses and `bsff bench` is held against.

docs/folding.md derives it.
"""

import functools
import math
from dataclasses import dataclass

from .head import HeadPlan
from .latencies import softmax_cycles
from .layer import LayerPlan

ROW = 5
"""Cycles in which the weights of the next row are fetched."""
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
    """`bandwidth_forward` and `bandwidth_update`: the least that moving the weights takes, at `lanes` times `banks`
    weights a cycle forward and `lanes` in the update, without any other limit."""

    def total(self, updated: float = 1.0) -> float:
        """Cycles a sample if a share `updated` of them is learnt from."""
        return self.forward + self.judge + updated * self.update


@functools.lru_cache(maxsize=100_000)
def most(count: int, density: float, sets: int) -> float:
    """Expected largest number of ones among `sets` words of `count` bits, each 1 with probability `density`; at least 1.

    The words are worked off side by side, so the fullest decides; an empty one still takes a cycle.
    """
    density = min(max(density, 0.0), 1.0)
    if count == 0 or density == 0.0:
        return 1.0
    if density == 1.0:
        return float(count)
    below, expected = 0.0, 1.0  # E[max(1, N)] = 1 + sum over k >= 1 of P(N > k)
    for k in range(count + 1):
        chosen = math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1)
        below += math.exp(chosen + k * math.log(density) + (count - k) * math.log1p(-density))
        if k >= 1:
            expected += 1 - min(below, 1.0) ** sets
    return expected


def layer_cycles(plan: LayerPlan, density: float, site_density: float | None = None) -> Cycles:
    """Cycles of a layer whose inputs are on with probability `density`.

    Parameters
    ----------
    density : float
        Share of active taps, 0..1; of counts, the share of their unary bits.
    site_density : float, optional
        Share of sites that a tap reaches with any of its positions; by default as for independent inputs.
    """
    beats = most(plan.rows_of_bank * plan.levels, density, plan.parts * plan.banks)
    fold = max(beats, plan.lanes / plan.tiles)
    column = plan.kernel[0] + 2
    position = max(plan.folds * fold, column)
    rows, positions = plan.shape.conv[0], plan.shape.positions
    # a row begins with as many columns as the kernel has, less one, that are no position; the last position's work hides some of it
    turn = max(0.0, plan.kernel[1] * column - position)
    forward = positions * position + rows * turn + PIPELINE

    judge = plan.channels + softmax_cycles(plan.classes) + PIPELINE

    if site_density is None:
        site_density = 1 - (1 - density) ** plan.site_bits
    # taps at the edge see padding, the same share on average as the forward pass does
    sites = most(plan.chunk_depth, site_density, plan.parts * plan.site_banks)
    # the chunk that follows is gathered meanwhile, two rows a cycle
    chunk = max(sites, plan.chunk_rows)
    row = max(plan.levels * plan.chunks * chunk, plan.row_steps, ROW)
    update = 2 * plan.channels + plan.taps * plan.folds * row + 2 * PIPELINE
    active = positions * plan.groups * plan.taps * plan.levels * density
    weights = active * plan.shape.group_channels / (plan.lanes * plan.banks)
    rewritten = plan.groups * plan.taps * plan.shape.group_channels / plan.lanes
    return Cycles(forward, judge, update, weights, rewritten)


def head_cycles(plan: HeadPlan, density: float) -> Cycles:
    """Cycles of the head for maps of which a share `density` of the unary bits is on."""
    words = sum(source.words * most(source.word, density, 1) for source in plan.sources)
    touched = sum(source.words * most(source.beat, 1 - (1 - density) ** source.levels, 1) for source in plan.sources)
    return Cycles(
        words + PIPELINE,
        softmax_cycles(plan.classes) + PIPELINE,
        touched + PIPELINE,
        plan.shape.largest * density,
        plan.rows * density,
    )
