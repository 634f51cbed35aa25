"""The rules of AXI as assertions for SymbiYosys, around `Axi3Bridge` and `SampleReader`."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Assert, Assume, Cat, Cover, Module, Mux, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.bus import axi_lite
from bsff_hw.bus import reader as axi_reader
from bsff_hw.bus.axi3 import bridge as axi3
from bsff_hw.bus.axi3.bridge import Axi3Bridge
from bsff_hw.bus.reader import SampleReader

PATIENCE = 3
"""Short, so that giving up lies within the depth that a solver can reach."""


def past(m: Module, value: Any, name: str) -> Signal:
    """The value one cycle ago; 0 in the first."""
    register = Signal(len(value), name=f"past_{name}")
    m.d.sync += register.eq(value)
    return register


def holds(m: Module, port: Any, channel: str, payload: list[str], claim: Any, prefix: str = "") -> None:
    """Valid stays until ready, and the payload with it: to be asserted of outputs, assumed of inputs."""
    valid, ready = getattr(port, channel + "valid"), getattr(port, channel + "ready")
    content = Cat(getattr(port, channel + name) for name in payload)
    label = prefix + channel
    waited = past(m, valid & ~ready, f"{label}_waited")
    before = past(m, content, f"{label}_content")
    with m.If(waited):
        m.d.comb += [claim(valid), claim(content == before)]


class Properties(wiring.Component):
    """A component with every input free, and what must be true of it."""

    def __init__(self, dut: wiring.Component, members: dict[str, Any]) -> None:
        self.dut = dut
        super().__init__(members)

    def join(self, m: Module) -> None:
        """Inputs come from outside, where the solver chooses them; outputs are seen there."""
        m.submodules.dut = self.dut
        m.d.comb += Assume(~ResetSignal())  # it begins as after one
        for path, member, inner in self.dut.signature.flatten(self.dut):
            outer = getattr(self, "__".join(path))
            m.d.comb += inner.eq(outer) if member.flow == In else outer.eq(inner)


def members_of(dut: wiring.Component) -> dict[str, Any]:
    return {"__".join(path): (In if m.flow == In else Out)(m.shape) for path, m, _ in dut.signature.flatten(dut)}


class BridgeProperties(Properties):
    """Of `Axi3Bridge`, with a master and an AXI4-Lite side that keep the rules; the latter may fall silent."""

    def __init__(self, *, patience: int = PATIENCE) -> None:
        dut = Axi3Bridge(patience=patience)
        super().__init__(dut, members_of(dut))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        self.join(m)
        names = ["id", "addr", "len", "size", "burst"]
        for channel, payload in (("ar", names), ("aw", names), ("w", ["data", "strb", "id", "last"])):
            holds(m, self, channel, payload, Assume)
        holds(m, self, "r", ["data", "resp", "id", "last"], Assert)
        holds(m, self, "b", ["resp", "id"], Assert)
        lite = _Lite(self)
        for channel, payload in (("ar", ["addr"]), ("aw", ["addr"]), ("w", ["data", "strb"])):
            holds(m, lite, channel, payload, Assert, "lite_")

        # AXI4-Lite answers what it was asked, once, when it likes, if ever
        asked_read, asked_write, given_write = Signal(), Signal(), Signal()
        with m.If(lite.rvalid & lite.rready):
            m.d.sync += asked_read.eq(0)
        with m.If(lite.arvalid & lite.arready):
            m.d.sync += asked_read.eq(1)
        with m.If(lite.bvalid & lite.bready):
            m.d.sync += [asked_write.eq(0), given_write.eq(0)]
        with m.If(lite.awvalid & lite.awready):
            m.d.sync += asked_write.eq(1)
        with m.If(lite.wvalid & lite.wready):
            m.d.sync += given_write.eq(1)
        m.d.comb += [Assume(asked_read | ~lite.rvalid), Assume((asked_write & given_write) | ~lite.bvalid)]
        # and is not asked again before
        m.d.comb += [Assert(~(asked_read & lite.arvalid)), Assert(~(asked_write & lite.awvalid))]

        # reads: one burst at a time; its ID, its length, nothing unasked for
        asked, took = self.arvalid & self.arready, self.rvalid & self.rready
        reading, read_id, read_rest = Signal(), Signal(axi3.ID_WIDTH), Signal(4)
        with m.If(asked):
            m.d.comb += Assert(~reading)
            m.d.sync += [reading.eq(1), read_id.eq(self.arid), read_rest.eq(self.arlen)]
        with m.If(self.rvalid):
            m.d.comb += [Assert(reading), Assert(self.rid == read_id), Assert(self.rlast == (read_rest == 0))]
        with m.If(took):
            m.d.sync += read_rest.eq(read_rest - 1)
            with m.If(self.rlast):
                m.d.sync += reading.eq(0)

        # writes: as many words as were announced, then one response with their ID
        writing, write_id, write_rest, complete = Signal(), Signal(axi3.ID_WIDTH), Signal(4), Signal()
        with m.If(self.awvalid & self.awready):
            m.d.comb += Assert(~writing)
            m.d.sync += [writing.eq(1), write_id.eq(self.awid), write_rest.eq(self.awlen), complete.eq(0)]
        with m.If(self.wready):
            m.d.comb += [Assert(writing), Assert(~complete)]
        with m.If(self.wvalid & self.wready):
            m.d.sync += [write_rest.eq(write_rest - 1), complete.eq(write_rest == 0)]
        with m.If(self.bvalid):
            m.d.comb += [Assert(writing), Assert(complete), Assert(self.bid == write_id)]
        with m.If(self.bvalid & self.bready):
            m.d.sync += writing.eq(0)

        # it never hangs: whatever AXI4-Lite does, an answer comes so soon
        bound = PATIENCE + 3
        read_active, write_active = reading & ~self.rvalid, writing & ~self.bvalid & ~self.wready
        for active, progress in ((read_active, took | asked), (write_active, 0)):
            timer = Signal(range(bound + 2))
            m.d.sync += timer.eq(Mux(active & (progress == 0), timer + 1, 0))
            m.d.comb += Assert(timer <= bound)
            half = self.dut._halves["reads" if active is read_active else "writes"]
            with m.If(half._waiting):
                m.d.comb += [Assert(timer == half._waited + 1), Assert(half._waited <= PATIENCE), Assert(~half._owed)]
            with m.Elif(active):
                m.d.comb += Assert(timer == 0)
        self._invariants(m, lite, reading, read_id, read_rest, writing, write_id, write_rest, complete)
        for half, asked_lite in ((self.dut._halves["reads"], asked_read | lite.arvalid),):
            m.d.comb += Assert(asked_lite == (half._waiting | half._owed))
        half = self.dut._halves["writes"]
        for pending in (asked_write | lite.awvalid, given_write | lite.wvalid):
            m.d.comb += Assert(pending == (half._waiting | half._owed))
        m.d.comb += [
            Assert(~(given_write & lite.wvalid)),
            Assert(lite.rready == (asked_read | lite.arvalid)),
            Assert(lite.bready == (asked_write | lite.awvalid)),
        ]
        for seen in (took & self.rlast & (self.rresp == 0), self.bvalid & self.bready & (self.bresp == 0)):
            m.d.comb += Cover(seen)
        m.d.comb += Cover(took & (self.rresp == axi_lite.SLVERR))
        return m

    def _invariants(
        self, m: Module, lite: Any, reading: Any, read_id: Any, read_rest: Any, writing: Any, write_id: Any,
        write_rest: Any, complete: Any,
    ) -> None:  # fmt: skip
        """What ties the component's state to ours, so that induction starts from states that can be."""
        reads, writes = self.dut._halves["reads"], self.dut._halves["writes"]
        m.d.comb += [Assert(reading == ~reads._resting), Assert(writing == ~writes._resting)]
        with m.If(reading):
            m.d.comb += [Assert(read_rest == reads._rest), Assert(self.rid == read_id)]
        with m.If(writing):
            m.d.comb += Assert(self.bid == write_id)
            with m.If(self.wready):
                m.d.comb += Assert(write_rest == writes._rest)
            with m.Elif(~self.bvalid):
                m.d.comb += [Assert(write_rest == (writes._rest - 1)[:4]), Assert(complete == (writes._rest == 0))]


class _Lite:
    """The AXI4-Lite side by its plain names."""

    def __init__(self, ports: Any) -> None:
        self._ports = ports

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ports, f"lite__{name}")


class ReaderProperties(Properties):
    """Of `SampleReader`, with a host that does as it likes and a memory that keeps the rules but may fall silent.

    Parameters
    ----------
    words : int
    patience : int
        Of the reader; the claims are those of `PATIENCE`.
    """

    def __init__(self, *, words: int = 2, patience: int = PATIENCE) -> None:
        dut = SampleReader(words, patience=patience)
        self._words, self._patience = words, patience
        super().__init__(dut, members_of(dut))

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        self.join(m)
        issued, arrived = self.arvalid & self.arready, self.rvalid & self.rready
        owed = Signal(6)
        m.d.sync += owed.eq(owed + Mux(issued, self.arlen + 1, 0) - arrived)
        m.d.comb += Assume(~self.rvalid | (owed != 0))  # no more than was asked for; when it likes, if ever
        holds(m, self, "r", ["data", "resp"], Assume)
        holds(m, self, "ar", ["addr", "len", "size", "burst", "id"], Assert)
        with m.If(self.arvalid):
            beats = Signal(5)
            page = Signal(10)
            m.d.comb += [
                beats.eq(self.arlen + 1),
                page.eq((self.araddr[:12] >> 3) + beats),
                Assert(self.araddr[:3] == 0),
                Assert(page <= 512),  # within 4 KiB
                Assert(self.arsize == 3),
                Assert(self.arburst == 1),
            ]
            m.d.comb += Assert(owed == 0)  # one burst at a time
        m.d.comb += Assert(self.rready | (owed == 0))  # memory never waits for us

        # the store gets whole samples
        half = Signal(range(self._words + 2))  # words of a sample that have been handed over, the label counted
        with m.If(self.begin):
            m.d.comb += [Assert(self.space), Assert(half == 0)]
            m.d.sync += half.eq(1)
        with m.If(self.write):
            m.d.comb += Assert(half != 0)
            m.d.sync += half.eq(Mux(half == self._words, 0, half + 1))
        with m.If(self.drop):
            m.d.sync += half.eq(0)
        m.d.comb += [Assert(~(self.begin & self.write)), Assert(self.busy | ~(self.begin | self.write | self.drop))]

        # what ties the component's state to ours, so that induction starts from states that can be
        dut, level = self.dut, self.dut._store.level
        m.d.comb += [
            Assert(dut._pending == owed + Mux(self.arvalid, self.arlen + 1, 0)),
            Assert(dut._reserved == dut._pending + level),
            Assert(dut._reserved <= axi_reader.BUFFERED),
            Assert(dut._following[:3] == 0),
            Assert(dut._silence <= self._patience),
            Assert(dut._rest <= (self._words + 2) // 2),
        ]
        beats = (self._words + 2) // 2
        to_use = Signal(40)  # beats that are still to be taken from the store
        m.d.comb += to_use.eq(self.left * beats - (dut._word >> 1) + Mux(dut._word > self._words, beats, 0))
        m.d.comb += Assert(~dut._idle | (dut._reserved == 0))
        with m.If(dut._reading):
            m.d.comb += [
                Assert(dut._reserved + dut._rest + dut._records * beats == to_use),
                Assert((dut._rest != 0) | (dut._records == 0)),
                Assert(to_use != 0),
            ]
            m.d.comb += [Assert(self.busy), Assert(half == Mux(dut._word > self._words, 0, dut._word))]
        with m.Else():
            m.d.comb += Assert(half == 0)

        # it never hangs: busy with no beat, no request and nothing handed over or thrown away, for so long, is for want of space
        timer = Signal(range(2 * self._patience + 8))
        used = dut._store.r_rdy & dut._store.r_en
        still = self.busy & ~arrived & ~issued & ~used & ~self.begin & ~self.write & self.space
        m.d.sync += timer.eq(Mux(still, timer + 1, 0))
        m.d.comb += Assert(timer <= PATIENCE + 3)
        waits = self.arvalid | (dut._pending != 0)
        m.d.comb += Assert(self.busy == (dut._reading | dut._draining))
        with m.If(dut._reading & ~waits):
            m.d.comb += Assert(timer == 0)
        with m.Elif(dut._reading):  # a cycle to ask, then the silence is counted
            m.d.comb += Assert(timer <= dut._silence + 1)
        with m.Elif(self.busy & waits):  # and a cycle to give up
            m.d.comb += Assert(timer <= dut._silence + 2)
        with m.Elif(self.busy):
            m.d.comb += Assert(timer <= 1)
        m.d.comb += [Cover(self.write & (self.left == 1)), Cover(self.fault == 4), Cover(self.fault == 2)]
        return m
