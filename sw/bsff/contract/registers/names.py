"""The name of a register, for a reader of messages."""

from .block import BLOCK, BLOCK_BASE, BLOCK_STRIDE
from .machine import GLOBAL


def register_name(offset: int) -> str:
    """The register at a byte offset of the machine's window."""
    for name, register in GLOBAL.items():
        if register.offset == offset:
            return name
    block, within = divmod(offset - BLOCK_BASE, BLOCK_STRIDE)
    for name, register in BLOCK.items():
        if block >= 0 and register.offset == within:
            return f"{name} of block {block}"
    return "no register"
