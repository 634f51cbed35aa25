"""Registers of one block, a layer or the head.

The block of layer i (from 0; the head comes after the last layer) begins at ``BLOCK_BASE + i * BLOCK_STRIDE``.
"""

from bsff.contract.formats import ACTIVITY_WIDTH, COUNTERS, CYCLE_COUNTERS, GATE_WIDTH, SCALE_WIDTH, STEP_WIDTH

from .description import Field, Kind, bit, held, shown, wide
from .machine import WINDOW

BLOCK_BASE = 0x1000
BLOCK_STRIDE = 0x100
BLOCKS_MAX = (WINDOW - BLOCK_BASE) // BLOCK_STRIDE

_COUNTERS = {
    "samples": "samples presented",
    "correct": "samples whose largest logit is the label's",
    "loss": "sum of cross-entropies, in 1/64 bits",
    "taps": "weight rows read forward",
    "updates": "samples learnt from",
    "update_taps": "row and position pairs added up by updates",
    "saturations": "weights that ran out of range",
    "busy_cycles": "clock cycles in which the block worked",
    "stall_cycles": "clock cycles in which it waited for the block behind it",
}

_TABLE = (
    *wide("PBITS", 0x00, "rw", Kind.GENERATOR, "generator of the p-bits (layers)", layers_only=True),
    *wide("ROUNDING", 0x08, "rw", Kind.GENERATOR, "generator of the rounding"),
    held("STEP", 0x10, "step size", Field("step", 0, STEP_WIDTH, "in 1/256 of a weight unit")),
    held(
        "SCALE",
        0x14,
        "counts to logits (layers)",
        Field("scale", 0, SCALE_WIDTH, "in 2**-14 logits a count; see numerics.md"),
        reset=1,
        layers_only=True,
    ),
    held("GATE", 0x18, "no update below this label error", Field("gate", 0, GATE_WIDTH, "in 1/4096")),
    held("LEARN", 0x1C, "0: frozen", bit("learn", 0, "learns")),
    held(
        "ACTIVITY",
        0x20,
        "running number of ones in the input map (layers)",
        Field("activity", 0, ACTIVITY_WIDTH, "8 fractional bits"),
        layers_only=True,
    ),
    shown("ROWS", 0x30, "weight rows"),
    shown("WIDTH", 0x34, "weights of a row"),
    shown("CHANNELS", 0x38, "output channels"),
    *(
        register
        for i, name in enumerate((*COUNTERS, *CYCLE_COUNTERS))
        for register in wide(
            name.upper(), 0x40 + 8 * i, "ro", Kind.COUNTER, _COUNTERS[name] + "; 64 bits, stable while idle"
        )
    ),
)

BLOCK = {r.name: r for r in _TABLE}
"""Registers of one block, by name; offsets are within the block."""


def block_offset(block: int, name: str) -> int:
    """Byte offset of a block's register.

    Raises
    ------
    ValueError
        If there can be no such block.
    """
    if not 0 <= block < BLOCKS_MAX:
        raise ValueError(f"block = {block}: expected 0 to {BLOCKS_MAX - 1}")
    return BLOCK_BASE + block * BLOCK_STRIDE + BLOCK[name].offset
