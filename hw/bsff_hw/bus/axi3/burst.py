"""Bursts of AXI3: their kinds, and the address of each beat."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

FIXED, INCR, WRAP = range(3)
"""Kinds of bursts, as AxBURST; 3 is reserved."""
LENGTHS = 16
"""Beats of a burst at most."""
DECERR = 0b11
WORD = 4
"""Bytes of a beat at most."""


class BurstAddress(wiring.Component):
    """Where the next beat of a burst lies; combinational.

    Members
    -------
    address : In(32)
        Address of this beat, as the master gave it or as `following` was.
    length : In(4)
        Beats of the burst, less one.
    size : In(3)
        Bytes of a beat, as a power of two; more than a word is taken for a word.
    burst : In(2)
        The reserved kind is taken for `INCR`.
    following : Out(32)
    """

    def __init__(self) -> None:
        super().__init__({"address": In(32), "length": In(4), "size": In(3), "burst": In(2), "following": Out(32)})

    def elaborate(self, platform) -> Module:
        m = Module()
        size, step, within = Signal(2), Signal(2), Signal(6)
        risen = Signal(32)
        m.d.comb += [
            size.eq(Mux(self.size > 2, 2, self.size)),
            step.eq((1 << size) - 1),
            within.eq((self.length << size) | step),  # address bits that a wrapping burst may change
            risen.eq((self.address | step) + 1),
            self.following.eq(risen),
        ]
        with m.Switch(self.burst):
            with m.Case(FIXED):
                m.d.comb += self.following.eq(self.address)
            with m.Case(WRAP):
                m.d.comb += self.following.eq((self.address & ~Cat(within, Const(0, 26))) | (risen & within))
        return m


def addresses(address: int, length: int, size: int, burst: int) -> list[int]:
    """Integer model of `BurstAddress`: the address of each of ``length + 1`` beats, as the specification has it."""
    width = min(1 << size, WORD)
    result = [address]
    for _ in range(length):
        after = result[-1] // width * width + width
        if burst == FIXED:
            after = address
        elif burst == WRAP:
            total = (length + 1) * width
            lower = address // total * total
            if after == lower + total:
                after = lower
        result.append(after % 2**32)
    return result
