"""From a configuration to the bitstream of an ECP5, with tools that pip installs: yosys, nextpnr, ecppack."""

from .flow import COMMAND
from .manifest import facts
from .pll import below
from .shell import place, platform, prepare, reference_mhz

__all__ = ["COMMAND", "below", "facts", "place", "platform", "prepare", "reference_mhz"]
