"""What a memory is made of: a block RAM would be wasted on few words."""

SLOTS = 2
"""Maps that a layer holds: one at work, one arriving."""
BLOCK_SHAPES = ((512, 72), (1024, 36), (2048, 18), (4096, 9), (8192, 4), (16384, 2), (32768, 1))
"""Depth and width of a 36 kb block RAM of the 7 series; half of one has half the width."""
ULTRA_SHAPE = (4096, 72)
"""Depth and width of an UltraRAM."""
BLOCK_WIDTH = 72
"""Bits that a block RAM delivers a cycle, at its widest."""
PRICE = 250
"""LUTs that a block RAM is worth: an xc7z020 has 380 for each of its block RAMs, of which the logic needs the most."""
SHALLOW = 256
"""Words up to which LUTs come into question; beyond, their multiplexers would be slow."""


def blocks(depth: int, width: int) -> float:
    """Block RAMs of a memory with one read and one write port."""
    return min(-(-depth // rows) * -(-width * 2 // bits) / 2 for rows, bits in BLOCK_SHAPES)


def luts(depth: int, width: int) -> float:
    """LUTs of the same memory made of LUTs: a RAM32M holds six bits in four of them, a RAM64M three."""
    if depth <= 32:
        return width * 4 / 6
    rows = -(-depth // 64)
    return width * (rows * 4 / 3 + -(-(rows - 1) // 3))


def distributed(depth: int, width: int) -> bool:
    """Whether a memory is made of LUTs: where they cost less than the block RAMs that it would take."""
    return depth <= SHALLOW and luts(depth, width) <= PRICE * blocks(depth, width)


def multiplexer(depth: int, width: int) -> float:
    """LUTs that choose among the block RAMs of a memory too deep for one: four inputs a LUT, or two of two."""
    rows = min(BLOCK_SHAPES, key=lambda shape: (-(-depth // shape[0]) * -(-width * 2 // shape[1]), -shape[0]))[0]
    tall = -(-depth // rows)
    return width * (0.5 if tall == 2 else -(-(tall - 1) // 3))


def ultra(depth: int, width: int) -> int:
    """UltraRAMs of the same memory, which have one shape."""
    return -(-depth // ULTRA_SHAPE[0]) * -(-width // ULTRA_SHAPE[1])
