"""What the components of the host's side hand to each other."""

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

WINDOW_WIDTH = 16
"""Bits of a byte address in the window of the registers."""


def host_signature() -> wiring.Signature:
    """Accesses of the host, one at a time, seen from the bus.

    Members: ``request``, held until ``done``, reads or, with ``writes``, writes the register at the byte ``address``; it
    and ``write_data`` are stable meanwhile. The access takes place once, by the cycle of ``done``, in which ``read_data`` is valid.
    """
    return wiring.Signature(
        {
            "request": Out(1),
            "writes": Out(1),
            "address": Out(WINDOW_WIDTH),
            "write_data": Out(32),
            "done": In(1),
            "read_data": In(32),
        }
    )


def bus_signature() -> wiring.Signature:
    """A block's registers, seen from the register file.

    Members: ``address`` (of a 32-bit word within the block), ``write`` (for one cycle), ``data``; ``read`` is the register
    at the address two cycles later, 0 where there is none.
    """
    return wiring.Signature({"address": Out(6), "write": Out(1), "data": Out(32), "read": In(32)})
