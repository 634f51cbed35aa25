"""The register table: offsets, decoder, emulated device, driver, reference page and .hwh are made from it.

`machine`, `block` and `bridge` declare the registers, `description` says what can be said of one, `identity` makes the constants
that name a machine, `page` writes the reference page.
"""

from .block import BLOCK, BLOCK_BASE, BLOCK_STRIDE, BLOCKS_MAX, block_offset
from .bridge import (
    BRIDGE,
    BRIDGE_BASE,
    BRIDGE_MAGIC,
    BRIDGE_VERSION,
    EVENTS,
    PARCEL_BASE,
    PORT_WORDS,
    RELEASE,
    REPLY_BASE,
)
from .description import Field, Kind, Register, held
from .identity import build_hash, constants
from .machine import ABI_VERSION, GLOBAL, MAGIC, WINDOW
from .names import register_name
from .page import reference_page

__all__ = [
    "ABI_VERSION",
    "BLOCK",
    "BLOCKS_MAX",
    "BLOCK_BASE",
    "BLOCK_STRIDE",
    "BRIDGE",
    "BRIDGE_BASE",
    "BRIDGE_MAGIC",
    "BRIDGE_VERSION",
    "EVENTS",
    "GLOBAL",
    "MAGIC",
    "PARCEL_BASE",
    "PORT_WORDS",
    "RELEASE",
    "REPLY_BASE",
    "WINDOW",
    "Field",
    "Kind",
    "Register",
    "block_offset",
    "build_hash",
    "constants",
    "held",
    "reference_page",
    "register_name",
]
