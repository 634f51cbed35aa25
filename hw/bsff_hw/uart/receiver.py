"""From a line to bytes: eight bits, no parity, one stop bit."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from .divisor import LEAST


class Receiver(wiring.Component):
    """Read bytes, the lowest bit first.

    Each bit is the majority of three samples around its middle, an eighth of a bit apart, so that what is shorter than
    that is not seen. A start bit that is high again after an eighth, or whose majority is, was a glitch and is forgotten. After a byte without a stop bit
    the line has to go high before another begins, so that a line that is held low gives one error and no bytes.

    Latency: a byte is shown 9.5 bits, an eighth, and 4 cycles after its start bit began at the pin. The next start bit
    may begin right then, half a bit early. Throughput: a byte every 10 bits; it is not kept, so it must be taken when it
    is shown.

    Parameters
    ----------
    cycles : int
        Of a bit; at least 4.

    Members
    -------
    line : In(1)
        The pin; high while idle. Synchronised here.
    byte : Out(8)
    valid : Out(1)
        For one cycle: `byte` was received.
    broken : Out(1)
        For one cycle: there was no stop bit.

    Raises
    ------
    ValueError
        If a bit is too short.
    """

    def __init__(self, cycles: int) -> None:
        if cycles < LEAST:
            raise ValueError(f"cycles = {cycles}: expected at least {LEAST} a bit")
        self._cycles = cycles
        self._apart = max(1, cycles // 8)
        super().__init__({"line": In(1), "byte": Out(8), "valid": Out(1), "broken": Out(1)})

    def elaborate(self, platform) -> Module:
        m = Module()
        line = Signal(init=1)
        m.submodules.synchroniser = FFSynchronizer(self.line, line, init=1)
        middle, last = self._cycles // 2, self._cycles - 1
        place, bits = Signal(range(self._cycles)), Signal(range(10))
        early, central, value, decided = Signal(), Signal(), Signal(), Signal()
        m.d.comb += value.eq((early & central) | (early & line) | (central & line))
        m.d.sync += [self.valid.eq(0), self.broken.eq(0)]
        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [place.eq(1), bits.eq(0)]  # this cycle is the start bit's first
                with m.If(~line):
                    m.next = "BITS"
            with m.State("BITS"):
                m.d.sync += place.eq(place + 1)
                with m.If(place == last):
                    m.d.sync += [place.eq(0), bits.eq(bits + 1)]
                with m.If(place == middle - self._apart):
                    m.d.sync += early.eq(line)
                with m.If((bits == 0) & (place == self._apart) & line):
                    m.next = "IDLE"  # a glitch in the stop bit would else begin the next byte too early
                with m.If(place == middle):
                    m.d.sync += central.eq(line)
                m.d.comb += decided.eq(place == middle + self._apart)
                with m.If(decided):
                    m.d.sync += self.byte.eq(Cat(self.byte[1:], value))
                    with m.If((bits == 0) & value):
                        m.next = "IDLE"
                    with m.If(bits == 9):
                        m.d.sync += [self.byte.eq(self.byte), self.valid.eq(value), self.broken.eq(~value)]
                        m.next = "IDLE"
                        with m.If(~value):
                            m.next = "HIGH"
            with m.State("HIGH"), m.If(line):
                m.next = "IDLE"
        return m
