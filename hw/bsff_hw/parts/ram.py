"""Memories, told what to be made of."""

from typing import Any

from amaranth.hdl import Shape
from amaranth.lib import memory

from bsff_hw.plan.memories import distributed

BLOCK = {"ram_style": "block"}
DISTRIBUTED = {"ram_style": "distributed"}


def ram(shape: Any, depth: int) -> memory.Memory:
    """A memory that begins with zeros, of LUTs or of block RAM, whichever is cheaper.

    Parameters
    ----------
    shape : ShapeLike
    depth : int
        Words; at least 2 are made, as an address has at least one bit.
    """
    depth = max(2, depth)
    style = DISTRIBUTED if distributed(depth, Shape.cast(shape).width) else BLOCK
    return memory.Memory(shape=shape, depth=depth, init=[], attrs=style)
