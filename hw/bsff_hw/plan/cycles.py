"""How many clock cycles a layer takes for a sample: the formula that the solver uses and `bsff bench` is held against.

docs/folding.md derives it.
"""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bsff.instruments.activity import Activity

from .head import HeadPlan
from .latencies import ROW, softmax_cycles
from .layer import LayerPlan
from .memories import BLOCK_WIDTH, blocks, distributed

Density = float | Activity
"""Share of active taps of a block, 0..1: the same everywhere, or as it was counted."""

PIPELINE = 24
"""Cycles of a phase in which pipelines fill and drain."""
NEGLIGIBLE = 1e-12
"""Probability of more ones than were summed over, from which on the sum is taken for whole."""


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
            if below > 1 - NEGLIGIBLE:
                break
            expected += 1 - below**sets
    return expected


def mean(density: Density, time: Callable[[float], float] = float) -> float:
    """Mean over the parts of a map: of the share of active taps, or of what takes that long at such a share."""
    return _mean(density.taps if isinstance(density, Activity) else (density,), time)


def _mean(shares: Sequence[float], time: Callable[[float], float]) -> float:
    return sum(time(share) for share in shares) / len(shares)


def row_bandwidth(plan: LayerPlan) -> float:
    """Weights that the memories of the rows can deliver in a cycle.

    A block RAM gives `BLOCK_WIDTH` bits a cycle, however few of them a folding asks for.
    """
    width, sets = plan.row_lanes * plan.weight_bits, plan.parts * plan.banks
    if distributed(plan.depth, width):
        return plan.lanes * plan.banks
    return sets * blocks(plan.depth, width) * BLOCK_WIDTH / plan.weight_bits


def layer_cycles(plan: LayerPlan, density: Density) -> Cycles:
    """Cycles of a layer.

    Parameters
    ----------
    density : float or Activity
        Of its taps. With one share everywhere, a tap reaches as many sites as independent inputs would; as they were counted, a
        full position takes longer, an empty one no less than its p-bits, and sites are those that were reached.
    """
    word, sets = -(-plan.taps // plan.banks) * plan.levels, plan.parts * plan.banks
    pace, column = plan.lanes / plan.tiles, plan.kernel[0] + 2
    beats = mean(density, lambda share: most(word, share, sets))
    fold = mean(density, lambda share: most(word, share, sets, pace))
    position = mean(density, lambda share: max(plan.folds * most(word, share, sets, pace), column))
    forward_held = "window" if column > plan.folds * fold else "rows" if beats >= pace else "p-bits"
    rows, positions = plan.shape.conv[0], plan.shape.positions
    # a row begins with as many columns as the kernel has, less one, that are no position; the last position's work hides some of it
    turn = max(0.0, plan.kernel[1] * column - position)
    forward = positions * position + rows * turn + PIPELINE

    judge = plan.channels + softmax_cycles(plan.classes) + PIPELINE

    if isinstance(density, Activity):
        reached: Sequence[float] = density.sites
    else:
        reached = (1 - (1 - density) ** plan.site_bits,)
    # taps at the edge see padding, the same share on average as the forward pass does
    sets, chunks = plan.parts * plan.site_banks, plan.levels * plan.chunks
    # a row waits for whatever of it is slowest: the next chunk is gathered meanwhile; a row's sums and
    # weights are there before the row ahead is worked off
    others = {"lanes": plan.row_steps, "fetch": ROW, "gather": chunks * plan.gather_cycles}
    slowest = max(others, key=lambda name: others[name])
    row = chunks * _mean(reached, lambda share: most(plan.chunk_depth, share, sets, others[slowest] / chunks))
    sites = chunks * _mean(reached, lambda share: most(plan.chunk_depth, share, sets))
    update_held = "sites" if sites >= others[slowest] else slowest
    update = 2 * plan.channels + plan.taps * plan.folds * row + 2 * PIPELINE
    bandwidth = row_bandwidth(plan)
    active = positions * plan.groups * plan.taps * plan.levels * mean(density)
    weights = active * plan.shape.group_channels / bandwidth
    rewritten = plan.groups * plan.taps * plan.shape.group_channels / bandwidth
    return Cycles(forward, judge, update, weights, rewritten, forward_held, update_held)


def head_cycles(plan: HeadPlan, density: Density) -> Cycles:
    """Cycles of the head for maps of which a share `density` of the unary bits is on."""
    words = touched = 0.0
    for source in plan.sources:
        words += source.words * mean(density, functools.partial(_word, source.word, 1))
        touched += source.words * mean(density, functools.partial(_word, source.beat, source.levels))
    held = "inputs" if words > 1.5 * plan.words else "beats"
    return Cycles(
        words + PIPELINE,
        softmax_cycles(plan.classes) + PIPELINE,
        touched + PIPELINE,
        plan.shape.largest * mean(density),
        plan.rows * mean(density),
        held,
        held,
    )


def _word(inputs: int, levels: int, share: float) -> float:
    """Cycles in which the ones of a word are worked off: inputs of which any of their levels is on."""
    return most(inputs, 1 - (1 - share) ** levels, 1)
