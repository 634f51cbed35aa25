"""A serial line to the registers: bits, bytes, frames, parcels, and the bridge that carries them out.

`Bridge` between two pins and AXI4-Lite is the door; docs/serial.md has the format, `bsff.contract.serial` its numbers.
"""

from .bridge import Bridge
from .divisor import divisor

__all__ = ["Bridge", "divisor"]
