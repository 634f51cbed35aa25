"""Choosing the folding: for each layer the cheapest one that is fast enough, and the fastest rate that fits a device."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bsff.config import Config
from bsff.errors import ConfigError
from bsff_hw.targets import Budget

from .cycles import HELD, Cycles, Density, head_cycles, layer_cycles, mean
from .fold import divisors
from .layer import LayerPlan
from .network import Plan, plan
from .resources import Resources, head_resources, layer_resources, shell_resources

DENSITY = 0.2
"""Share of active taps that is assumed where nothing was measured."""
Densities = float | Sequence[Density]
"""Share of active taps: of all blocks, or one a layer and one for the head if there is one."""
PRICES = (0.3, 1.0, 3.0, 10.0)
BANKS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12)
SITE_BANKS = (1, 2, 3, 4, 5, 6, 8, 10, 12)
TILES_MAX = 16
TILES_LEAST = (1, 2, 4, 8)


@dataclass(frozen=True)
class Choice:
    """One folding of one layer."""

    plan: LayerPlan
    cycles: Cycles
    resources: Resources


@dataclass(frozen=True)
class Folding:
    """A folded network with its estimates."""

    config: Config
    """With the folding written into it."""
    plan: Plan
    layers: tuple[Choice, ...]
    head: tuple[Cycles, Resources] | None
    total: Resources
    cycles: float
    """Cycles of the slowest block for a sample that every block learns from."""


def of_blocks(config: Config, density: Densities) -> tuple[Density, ...]:
    """One share for each block: the layers, and the head, even if it is disabled.

    Raises
    ------
    ConfigError
        If there are too few or too many.
    """
    layers, head = len(config.layers), int(config.head.enabled)
    if isinstance(density, int | float):
        return (float(density),) * (layers + 1)
    if len(density) != layers + head:
        raise ConfigError(
            f"density {', '.join(f'{mean(share):g}' for share in density)}: expected one for all, or {layers + head}: one a layer"
            + (" and one for the head" if head else "")
        )
    return (*density, 0.0)[: layers + 1]


def _foldings(chosen: LayerPlan, tiles_able: list[int], density: Density) -> Iterator[LayerPlan]:
    """Every folding of a layer that is worth a look."""
    group, groups = chosen.shape.group_channels, chosen.groups
    shapes = [(1, lanes) for lanes in divisors(group) if lanes >= min(group, 4)]
    shapes += [(parts, group) for parts in divisors(groups) if parts > 1]
    for (parts, lanes), sites in itertools.product(shapes, SITE_BANKS):
        sizes = {"parts": parts, "row_lanes": lanes, "inner": group // lanes}
        # the update asks for neither banks nor tiles
        fitted = _fit_update(replace(chosen, **sizes, site_banks=sites, update_lanes=1), density)
        able = [t for t in tiles_able if lanes % t == 0 and t <= TILES_MAX]
        for banks, tiles in itertools.product(BANKS, able):
            if banks <= chosen.taps and (parts == 1 or banks <= 2):
                yield replace(fitted, banks=banks, tiles=tiles)


def _fit_update(folded: LayerPlan, density: Density) -> LayerPlan:
    """As few update lanes as do not slow the rows down."""
    fast = layer_cycles(replace(folded, update_lanes=folded.row_lanes), density).update
    for count in divisors(folded.row_lanes):
        able = replace(folded, update_lanes=count)
        if layer_cycles(able, density).update <= 1.1 * fast:
            return able
    return folded


def _choices(number: int, base: Plan, device: Budget, density: Density) -> list[Choice]:
    """Foldings of a layer that no other beats in both speed and cost."""
    layer = base.layers[number]
    able = divisors(layer.channels)
    if number + 1 < len(base.layers) and base.layers[number + 1].groups > 1:
        own = base.layers[number + 1].group_in
        able = [t for t in able if own % t == 0]
    found = [Choice(p, layer_cycles(p, density), layer_resources(p)) for p in _foldings(layer, able, density)]
    return [found[i] for i in sorted(_unbeaten(found, device))]


def _unbeaten(found: list[Choice], device: Budget) -> set[int]:
    """Choices that no other beats in speed and cost, at any price, among those with at least as many tiles.

    A layer with more tiles sends wider beats, which the head needs fewer of.
    """
    kept: set[int] = set()
    for price, tiles in itertools.product(PRICES, sorted({choice.plan.tiles for choice in found})):
        able = [i for i, choice in enumerate(found) if choice.plan.tiles >= tiles]
        costs = {i: found[i].resources.cost(device, price) for i in able}
        least = float("inf")
        for i in sorted(able, key=lambda i: (found[i].cycles.total(), costs[i])):
            if costs[i] < least:
                least = costs[i]
                kept.add(i)
    return kept


def settle(config: Config, density: Densities = DENSITY) -> Folding:
    """The folding that a configuration has, with its estimates."""
    folded, shares = plan(config), of_blocks(config, density)
    layers = tuple(
        Choice(p, layer_cycles(p, share), layer_resources(p)) for p, share in zip(folded.layers, shares, strict=False)
    )
    head = (head_cycles(folded.head, shares[-1]), head_resources(folded.head)) if folded.head else None
    total = shell_resources(folded)
    for choice in layers:
        total += choice.resources
    slowest = max(choice.cycles.total() for choice in layers)
    if head:
        total += head[1]
        slowest = max(slowest, head[0].total())
    return Folding(config, folded, layers, head, total, slowest)


def _with(config: Config, chosen: list[Choice]) -> Config:
    """The configuration with the folding of each layer written into it."""
    layers = []
    for layer, p in zip(config.layers, (choice.plan for choice in chosen), strict=True):
        sizes = {"lanes": p.lanes, "banks": p.banks, "tiles": p.tiles, "update_banks": p.site_banks}
        layers.append(replace(layer, **sizes, update_lanes=p.update_lanes))
    return replace(config, layers=tuple(layers))


def solve(config: Config, device: Budget, *, cycles: float | None = None, density: Densities = DENSITY) -> Folding:
    """Fold a network for a device.

    Parameters
    ----------
    config : Config
        The network; the folding in it is ignored.
    cycles : float, optional
        Cycles that a training sample may take; by default as few as fit.
    density : float or sequence
        Share of active taps, see `of_blocks`.

    Raises
    ------
    ConfigError
        If nothing fits, naming what it would take.
    """
    unfolded = {"lanes": 0, "banks": 1, "tiles": 0, "update_banks": 0, "update_lanes": 0}
    base = plan(replace(config, layers=tuple(replace(layer, **unfolded) for layer in config.layers)))
    shares = of_blocks(config, density)
    choices = [_choices(i, base, device, shares[i]) for i in range(len(base.layers))]
    read = {source.shape.layer for source in base.head.sources} if base.head else set()

    def attempt(limit: float) -> Folding | None:
        """The folding that leaves most room, over several prices of a block RAM against a LUT; one that fits, if any does.

        The head has no folding of its own: the layers that it reads get more tiles until it is fast enough, or it is as
        fast as it gets.
        """
        best: tuple[tuple[bool, float, float], Folding] | None = None
        for price, tiles in itertools.product(PRICES, TILES_LEAST):
            chosen = []
            for number, options in enumerate(choices):
                able = [c for c in options if c.cycles.total() <= limit]
                if not able:
                    return None
                wide = [c for c in able if number not in read or c.plan.tiles >= tiles]
                chosen.append(min(wide or able, key=lambda c: c.resources.cost(device, price)))
            found = settle(_with(config, chosen), density)
            share = found.total.share(device)
            key = (share > 1, max(found.cycles, limit), share)
            if best is None or key < best[0]:
                best = key, found
        return None if best is None else best[1]

    if cycles is not None:
        found = attempt(cycles)
        if found is None:
            raise ConfigError(f"{config.name}: no folding reaches {cycles:,.0f} cycles a sample; ask for a lower rate")
        if found.cycles > cycles:
            raise ConfigError(
                f"{config.name}: no folding reaches {cycles:,.0f} cycles a sample, since the head takes {found.cycles:,.0f}; "
                "ask for a lower rate, or pool before the head"
            )
        if found.total.share(device) > 1:
            raise ConfigError(
                f"{config.name}: {cycles:,.0f} cycles a sample take an estimated {found.total.luts:,.0f} LUT and "
                f"{found.total.blocks:.0f} block RAMs, {device.name} has {device.luts:,} and {device.blocks} to use; "
                f"ask for a lower rate, or a smaller network"
            )
        return found
    limits = sorted({c.cycles.total() for options in choices for c in options})
    # what fits does not grow steadily with the limit, since foldings come in steps: so a search by halves would miss some
    stride = math.isqrt(len(limits)) + 1
    coarse = [*range(0, len(limits), stride), len(limits) - 1]

    def first(numbers: Iterable[int]) -> tuple[int, Folding] | None:
        found = ((number, attempt(limits[number])) for number in numbers)
        return next(((i, one) for i, one in found if one is not None and one.total.share(device) <= 1), None)

    best = first(coarse)
    if best is not None:
        finer = first(range(max(0, best[0] - stride + 1), best[0]))
        return (finer or best)[1]
    least = attempt(limits[-1])
    assert least is not None
    raise ConfigError(
        f"{config.name}: even the slowest folding takes an estimated {least.total.luts:,.0f} LUT and "
        f"{least.total.blocks:.0f} block RAMs, {device.name} has {device.luts:,} and {device.blocks} to "
        "use; use fewer channels, fewer weight bits, or pool before the head"
    )


def table(found: Folding, device: Budget, *, density: Densities, clock: float) -> str:
    """A folding as Markdown: one row a block, and what holds the phases of each.

    Parameters
    ----------
    density : float or sequence of float
        That the cycles were computed with.
    clock : float
        In hertz, for the rate.
    """
    shares = of_blocks(found.config, density)
    taps = " / ".join(dict.fromkeys(f"{100 * mean(share):.0f}" for share in shares))
    lines = [
        f"{found.config.name} on {device.name}, {taps} % of taps active, every sample learnt from. Estimates;",
        "`bsff synth` counts and `bsff bench` measures.",
        "",
        "| block | lanes | banks | tiles | update_banks | update_lanes | forward | judge | update | cycles | block RAM allows | LUT | BRAM36 | DSP |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]

    def row(name: str, keys: str, c: Cycles, r: Resources) -> str:
        return (
            f"| {name} | {keys} | {c.forward:,.0f} | {c.judge:,.0f} | {c.update:,.0f} | {c.total():,.0f} "
            f"| {c.bandwidth_forward + c.bandwidth_update:,.0f} | {r.luts:,.0f} | {r.blocks:.1f} | {r.multipliers:.0f} |"
        )

    for i, choice in enumerate(found.layers, 1):
        p = choice.plan
        keys = f"{p.lanes} | {p.banks} | {p.tiles} | {p.site_banks} | {p.update_lanes}"
        lines.append(row(f"layer{i}", keys, choice.cycles, choice.resources))
    if found.head is not None:
        lines.append(
            row("head", f"{found.config.data.class_count} | 1 | | | {found.config.data.class_count}", *found.head)
        )
    r = found.total.on(device)
    lines += [
        f"| in all | | | | | | | | | {found.cycles:,.0f} | | {r.luts:,.0f} | {r.blocks:.1f} | {r.multipliers:.0f} |",
        f"| to use | | | | | | | | | | | {device.luts:,} | {device.blocks} | {device.multipliers} |",
        "",
        *_moved(r, device),
        *_held(found),
        "",
        f"{clock / found.cycles:,.0f} training samples/s at {clock / 1e6:g} MHz.",
    ]
    return "\n".join(lines)


def _held(found: Folding) -> list[str]:
    """What sets the pace of each block, and how much of what its memories deliver is used."""
    blocks = [(f"layer{i}", choice.cycles) for i, choice in enumerate(found.layers, 1)]
    if found.head is not None:
        blocks.append(("head", found.head[0]))
    lines = []
    for name, c in blocks:
        share = (c.bandwidth_forward + c.bandwidth_update) / c.total()
        lines.append(
            f"- {name}: forward held by {HELD[c.forward_held]}; update by {HELD[c.update_held]}; "
            f"{100 * share:.0f} % of what the block RAM allows."
        )
    return lines


def _moved(total: Resources, device: Budget) -> list[str]:
    """What the device has besides block RAM."""
    if not device.ultra:
        return []
    return [
        f"{total.ultra} of {device.ultra} UltraRAMs hold the weights that save most block RAMs; the sum is what is left.",
        "",
    ]
