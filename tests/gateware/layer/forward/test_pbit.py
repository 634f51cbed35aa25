"""Tiles of p-bits against `golden.pbit.tile`: at every threshold, at both sides of the boxcar, at the ends of the width."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import pack, simulate, unary, unpack

from bsff.contract.formats import NOISE_SCALE_BITS
from bsff.golden import pbit
from bsff.golden.tables import noise_table
from bsff_hw.layer.forward.pbit import TileArray

Cases = tuple[np.ndarray, np.ndarray]


def check(units: int, cases: Cases, rng: np.random.Generator, *, width: int, **options: Any) -> None:
    """Fire (N, units) pre-activations with (N, units, draws) draws; registers move on at random."""
    preactivation, draws = cases
    dut = TileArray(units, width=width, **options)
    assert draws.shape == (*preactivation.shape, dut.draws_of_unit)
    tile, bits = options["tile"], len(Value.cast(dut.response)) // units
    count, response = pbit.tile(
        preactivation,
        draws,
        size=tile,
        fraction_bits=options["fraction_bits"],
        eligibility="xor" if options["xor"] else "boxcar",
        boxcar=options["boxcar"],
        noise=options.get("noise", 2**NOISE_SCALE_BITS),
    )
    seen = []

    async def bench(context: Any) -> None:
        for i in range(len(preactivation) + dut.LATENCY - 1):
            j = min(i, len(preactivation) - 1)
            context.set(Value.cast(dut.preactivation), pack(preactivation[j], width))
            context.set(Value.cast(dut.draws), pack(draws[j].ravel(), 16))
            await context.tick()
            if i >= dut.LATENCY - 1:
                seen.append((context.get(Value.cast(dut.count)), context.get(Value.cast(dut.response))))

    simulate(dut, bench)
    assert [s[0] for s in seen] == [unary(n, tile) for n in count]
    assert [unpack(s[1], bits, units) for s in seen] == response.tolist()


def indices(draws: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws whose upper bits are given; the lower ones do not matter."""
    return (draws << 6) | rng.integers(64, size=draws.shape)


@pytest.mark.parametrize("fraction_bits", [2, 8])
def test_threshold_of_every_noise(fraction_bits: int, rng: np.random.Generator) -> None:
    """Each index of the table with the pre-activations next to the one at which its bit changes."""
    index = np.repeat(np.arange(1024), 3)
    level = -noise_table(fraction_bits)[index].astype(np.int64) + np.tile([-1, 0, 1], 1024)
    order = rng.permutation(len(index))
    cases = level[order].reshape(-1, 4), indices(index[order], rng).reshape(-1, 4, 1)
    check(4, cases, rng, tile=1, fraction_bits=fraction_bits, boxcar=5, xor=False, width=14)


@pytest.mark.parametrize(
    ("units", "tile", "fraction_bits", "boxcar", "xor"),
    [(1, 1, 4, 8, False), (3, 2, 4, 32, False), (2, 5, 2, 3, False), (1, 15, 3, 16, False), (1, 1, 4, 8, True), (2, 3, 2, 8, True)],
)  # fmt: skip
def test_random(units: int, tile: int, fraction_bits: int, boxcar: int, xor: bool, rng: np.random.Generator) -> None:
    width, count = 11, 300
    shape = (count, units)
    edges = pbit.thresholds(tile, fraction_bits)[:, None] + np.array(
        [-boxcar - 1, -boxcar, -boxcar + 1, 0, boxcar - 1, boxcar]
    )
    ends = [-(2 ** (width - 1)), 2 ** (width - 1) - 1]
    preactivation = np.select(
        [rng.random(shape) < p for p in (0.4, 0.1, 1.0)],
        [rng.choice(edges.ravel(), shape), rng.choice(ends, shape), rng.normal(tile << fraction_bits >> 1, 4 << fraction_bits, shape)],
    ).astype(np.int64).clip(*ends)  # fmt: skip
    draws = rng.integers(2**16, size=(*shape, tile * (3 if xor else 1)))
    check(
        units, (preactivation, draws), rng, tile=tile, fraction_bits=fraction_bits, boxcar=boxcar, xor=xor, width=width
    )


@pytest.mark.parametrize("noise", [1, 4, 16])
@pytest.mark.parametrize("boxcar", [1, 7, 32, 4000])
def test_levels_beyond_the_noise(noise: int, boxcar: int, rng: np.random.Generator) -> None:
    """Levels about where the noise and the response end, and at the ends of the width, with every extreme of the noise."""
    width, fraction_bits = 13, 4
    ends = int(noise_table(fraction_bits, noise).max())
    reach = 1 << max(ends, boxcar - 1).bit_length()  # where the upper bits begin to decide
    edges = {0, ends, boxcar, reach // 2, reach, 2 * reach}
    levels = sorted({sign * edge + step for edge in edges for sign in (-1, 1) for step in (-1, 0, 1)})
    levels = [level for level in [*levels, -(2**12), 2**12 - 1] if -(2**12) <= level < 2**12]
    cases = np.array([(level, index) for level in levels for index in (0, 1, 511, 512, 1022, 1023)])
    preactivation, index = cases[:, :1], cases[:, 1:, None]
    check(
        1, (preactivation, indices(index, rng)), rng, tile=1, fraction_bits=fraction_bits, boxcar=boxcar, xor=False,
        width=width, noise=noise,
    )  # fmt: skip
