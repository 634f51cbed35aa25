"""Division by restoring subtraction, a bit a cycle."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Divider(wiring.Component):
    """``(dividend << (bits - 1)) // divisor`` of a dividend not above the divisor.

    Parameters
    ----------
    width : int
        Bits of dividend and divisor.
    bits : int
        Bits of the quotient.

    Members
    -------
    run : In(1)
        Held from the cycle that takes the dividend until `done`.
    dividend, divisor : In(width)
        The divisor stays.
    done : Out(1)
        The last cycle, `bits` after the first; `quotient` is there in the next.
    quotient : Out(bits)
    """

    def __init__(self, width: int, bits: int) -> None:
        self._width, self._bits = width, bits
        super().__init__(
            {"run": In(1), "dividend": In(width), "divisor": In(width), "done": Out(1), "quotient": Out(bits)}
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        remainder, bit = Signal(self._width + 1), Signal(range(self._bits + 1))
        rest = Signal(signed(self._width + 2))  # one subtraction tells whether the divisor fits, and what is left
        fits = ~rest[-1]
        m.d.comb += [rest.eq(remainder - self.divisor), self.done.eq(self.run & (bit == self._bits))]
        with m.If(self.run & (bit == 0)):
            m.d.sync += [remainder.eq(self.dividend), self.quotient.eq(0), bit.eq(1)]
        with m.Elif(self.run):
            m.d.sync += [
                self.quotient.eq((self.quotient << 1) | fits),
                remainder.eq(Mux(fits, rest, remainder) << 1),
                bit.eq(Mux(self.done, 0, bit + 1)),
            ]
        return m
