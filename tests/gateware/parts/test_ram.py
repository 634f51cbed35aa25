"""What a memory is made of."""

from __future__ import annotations

import pytest
from amaranth.hdl import Fragment, signed
from amaranth.lib import memory

from bsff_hw.parts.ram import BLOCK, DISTRIBUTED, ram
from bsff_hw.plan.memories import blocks, distributed, luts


@pytest.mark.parametrize(
    ("depth", "width", "expected"),
    [(512, 72, 1), (513, 72, 2), (481, 1440, 20), (512, 36, 0.5), (100, 144, 2), (98, 120, 2), (2048, 9, 0.5), (1, 1, 0.5)],
)  # fmt: skip
def test_block_rams(depth: int, width: int, expected: float) -> None:
    assert blocks(depth, width) == expected


@pytest.mark.parametrize(
    ("depth", "width", "expected"),
    # a RAM32M is six bits in four LUTs, a RAM64M three; two to four of them and a multiplexer of one LUT a bit
    [(32, 6, 4), (33, 3, 4), (64, 3, 4), (65, 3, 11), (128, 72, 264), (256, 3, 19), (257, 3, 26)],
)
def test_luts(depth: int, width: int, expected: float) -> None:
    assert luts(depth, width) == pytest.approx(expected)


def made(width: int, depth: int) -> memory.Memory:
    """A memory that is used, as Amaranth asks for."""
    store = ram(signed(width), depth)
    Fragment.get(store, None)
    return store


def test_the_cheaper_is_chosen() -> None:
    assert distributed(98, 120)  # 440 LUTs instead of two block RAMs
    assert not distributed(100, 144)  # 528
    assert distributed(64, 144)
    assert not distributed(257, 1)  # few LUTs, but slow
    assert made(8, 16).attrs == DISTRIBUTED
    assert made(72, 512).attrs == BLOCK
    assert made(1, 1).depth == 2
