"""Words behind `AxiLite` that answer after a random number of cycles: what the tests of the buses talk to."""

from amaranth.hdl import Array, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from bsff_hw.bus import axi_lite
from bsff_hw.bus.axi_lite import AxiLite
from bsff_hw.bus.join import join

WORDS = 16


class SlowWords(wiring.Component):
    """`AxiLite` and some words, each access done after a random number of cycles; the bus is visible for a monitor."""

    def __init__(self) -> None:
        visible = {"request": Out(1), "writes": Out(1), "address": Out(16), "write_data": Out(32), "done": Out(1)}
        super().__init__({**axi_lite.PORTS, **visible})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.axi = axi = AxiLite()
        m.d.comb += join(self, axi, axi_lite.PORTS)
        random = Signal(16, init=1)
        m.d.sync += random.eq((random >> 1) ^ (random[0] * 0xB400))
        words = Array(Signal(32, name=f"word{i}") for i in range(WORDS))
        host = axi.host
        word = host.address[2:6]
        m.d.comb += [
            self.request.eq(host.request),
            self.writes.eq(host.writes),
            self.address.eq(host.address),
            self.write_data.eq(host.write_data),
            # High also when nothing was asked for, which must have no effect.
            host.done.eq(random[4] & random[7]),
            self.done.eq(host.done),
            host.read_data.eq(words[word]),
        ]
        with m.If(host.request & host.done & host.writes):
            m.d.sync += words[word].eq(host.write_data)
        return m
