"""Estimates of what a layer takes of a device, for the folding solver; `bsff synth` counts.

Memories are counted by the shapes of a block RAM. Logic is a linear estimate whose coefficients were fitted to
`bsff synth` of the committed tables (docs/results/synthesis.md); it serves to compare foldings.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

from bsff.contract.formats import GAIN_WIDTH, SUM_WIDTH
from bsff_hw.targets import Budget

from .head import HeadPlan
from .layer import LayerPlan
from .memories import blocks, distributed, luts, multiplexer, ultra
from .network import Plan

COMMON = 2400
"""LUTs of a layer that its folding does not change: judgement, counters, registers, generators, control."""
BESIDE = 1.2
"""What a layer takes in all of the LUTs that the terms of the estimate name."""


@dataclass(frozen=True)
class Resources:
    """An estimate."""

    luts: float
    blocks: float
    multipliers: float
    movable: tuple[tuple[int, float], ...] = ()
    """Memories among the blocks that may be UltraRAMs where a device has them: how many of these, and how many block RAMs
    they save."""
    ultra: int = 0
    """UltraRAMs that are used."""

    def __add__(self, other: Resources) -> Resources:
        return Resources(
            self.luts + other.luts,
            self.blocks + other.blocks,
            self.multipliers + other.multipliers,
            self.movable + other.movable,
            self.ultra + other.ultra,
        )

    def on(self, device: Budget) -> Resources:
        """The same on a device: the memories that save most block RAMs for an UltraRAM are moved while there are some."""
        blocks, used = self.blocks, self.ultra
        for count, saved in sorted(self.movable, key=lambda memory: memory[0] / memory[1]):
            if used + count <= device.ultra:
                blocks, used = blocks - saved, used + count
        return Resources(self.luts, blocks, self.multipliers, (), used)

    def share(self, device: Budget) -> float:
        """The largest share of a device."""
        blocks = self.on(device).blocks
        return max(self.luts / device.luts, blocks / device.blocks, self.multipliers / device.multipliers)

    def cost(self, device: Budget, price: float = 1.0) -> float:
        """Sum of the shares, that of block RAM `price` times: what two foldings of one speed are compared by."""
        blocks = self.on(device).blocks
        return self.luts / device.luts + price * blocks / device.blocks + self.multipliers / device.multipliers


@functools.cache
def memory(depth: int, width: int) -> Resources:
    """A memory with one read and one write port, made of what `memories` makes it of."""
    if distributed(depth, width):
        return Resources(luts(depth, width), 0, 0)
    return Resources(multiplexer(depth, width), blocks(depth, width), 0)


def weights(depth: int, width: int) -> Resources:
    """A memory of weights, which begins with zeros as an UltraRAM does."""
    found = memory(depth, width)
    return replace(found, movable=((ultra(depth, width), found.blocks),)) if found.blocks else found


def _many(count: int, one: Resources) -> Resources:
    return Resources(count * one.luts, count * one.blocks, count * one.multipliers, count * one.movable)


def layer_resources(plan: LayerPlan) -> Resources:
    """Estimate of a layer."""
    lanes, parts = plan.lanes, plan.parts
    sets, sites = parts * plan.banks, parts * plan.site_banks
    draws = plan.tiles * plan.draws
    pooled = plan.pooled
    # adders of the banks; DSP blocks add the last two and the sum
    logic = lanes * max(0.0, plan.banks - 2) * (plan.weight_bits + 2)
    logic += sets * plan.rows_of_bank * plan.levels * (2 + (0.3 * plan.rounds if plan.rounds > 1 else 0))  # active taps
    logic += sites * plan.chunk_depth * (3.6 if pooled else 1.3)  # active sites
    logic += 0.07 * plan.window_bits  # window
    logic += 2 * parts * plan.width * (plan.beat * plan.levels + plan.kernel[0]) / 2  # rows of the map
    logic += lanes * (plan.site_banks * (3.4 if pooled else 1.2) + plan.change_width + 1.5)  # sums of the update
    logic += lanes * (plan.change_width + plan.weight_bits) / 3 + parts * plan.update_lanes * 105  # update
    logic += draws * 40 + 0.27 * lanes * plan.sum_width  # p-bits
    total = Resources(logic, 0, parts * plan.update_lanes + 11 + -(-lanes // 2))
    total += _many(sets, weights(plan.depth, plan.row_lanes * plan.weight_bits))
    site_word = plan.row_lanes * (plan.response_width + (2 if pooled else 0))
    total += _many(sites, memory(plan.response_depth, site_word))
    total += memory(2 * plan.height * plan.width, plan.channels_in * plan.levels)
    planes = -(-plan.height // 2) * 2 * plan.beats_in // parts
    total += memory(plan.beats_in, plan.beat * plan.levels * plan.width)
    total += _many(2 * parts, memory(planes, plan.beat * plan.levels * plan.width))
    total += _many(-(-draws // 2), Resources(0, 0.5, 0))
    total += _many(plan.tiles, memory(plan.beats, 32 + 2 * plan.count_width)) + memory(plan.channels, 32)
    if pooled:
        line = plan.tiles * (plan.tile + plan.response_width + 2)
        total += memory(plan.shape.output[1] * plan.beats, line)
    words = plan.lane_words
    for width in (GAIN_WIDTH + SUM_WIDTH, plan.moved_width):
        total += _many(parts * plan.update_lanes, memory(words, width))
    return replace(total, luts=COMMON + BESIDE * total.luts)


def head_resources(plan: HeadPlan) -> Resources:
    """Estimate of the head."""
    total = Resources(1000 + 250 * plan.classes, 0, 8 + (plan.classes if plan.levels > 1 else 0))
    total += memory(plan.rows, plan.classes * plan.weight_bits)
    for source in plan.sources:
        total += memory(source.slots * source.words, source.word)
    return total


def shell_resources(plan: Plan) -> Resources:
    """Estimate of registers, AXI, FIFOs and encoder."""
    words = -(-plan.geometry.pixel_count // 4)
    return Resources(1500, 1, 0) + memory(4 * words, 32)
