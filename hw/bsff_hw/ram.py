"""Memories, told what to be made of: a block RAM would be wasted on few words."""

from __future__ import annotations

from typing import Any

from amaranth.lib import memory

SHALLOW = 128
"""Words up to which a memory is made of LUTs. A block RAM is 512 words deep where it is widest, 72 bits, and 128 such words
take 264 LUTs: less than its share of an xc7z020, which has 380 LUTs for each of its block RAMs."""
BLOCK = {"ram_style": "block"}
DISTRIBUTED = {"ram_style": "distributed"}


def ram(shape: Any, depth: int) -> memory.Memory:
    """A memory that begins with zeros, of LUTs or of block RAM by its depth.

    Parameters
    ----------
    shape : ShapeLike
    depth : int
        Words; at least 2 are made, as an address has at least one bit.
    """
    return memory.Memory(shape=shape, depth=max(2, depth), init=[], attrs=DISTRIBUTED if depth <= SHALLOW else BLOCK)
