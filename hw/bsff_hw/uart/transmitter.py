"""From bytes to a line: eight bits, no parity, one stop bit."""

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .divisor import LEAST


class Transmitter(wiring.Component):
    """Send bytes, the lowest bit first.

    Latency: the start bit begins in the cycle after a byte was taken. Throughput: a byte every 10 bits, without a pause
    between them.

    Parameters
    ----------
    cycles : int
        Of a bit; at least 4.

    Members
    -------
    input : In(stream(8))
    line : Out(1)
        A register, high while idle.

    Raises
    ------
    ValueError
        If a bit is too short.
    """

    def __init__(self, cycles: int) -> None:
        if cycles < LEAST:
            raise ValueError(f"cycles = {cycles}: expected at least {LEAST} a bit")
        self._cycles = cycles
        super().__init__({"input": In(stream.Signature(8)), "line": Out(1, init=1)})

    def elaborate(self, platform) -> Module:
        m = Module()
        place, left, rest, ends = Signal(range(self._cycles)), Signal(range(11)), Signal(9), Signal()
        m.d.comb += [ends.eq(place == self._cycles - 1), self.input.ready.eq((left == 0) | ((left == 1) & ends))]
        with m.If(self.input.ready):
            m.d.sync += [place.eq(0), left.eq(0), self.line.eq(1)]
            with m.If(self.input.valid):
                m.d.sync += [left.eq(10), self.line.eq(0), rest.eq(Cat(self.input.payload, Const(1, 1)))]
        with m.Elif(ends):
            m.d.sync += [place.eq(0), left.eq(left - 1), Cat(self.line, rest).eq(Cat(rest, Const(1, 1)))]
        with m.Else():
            m.d.sync += place.eq(place + 1)
        return m
