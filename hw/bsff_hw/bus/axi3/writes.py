"""The writing half of the bridge from AXI3 to AXI4-Lite."""

from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import wiring

from bsff_hw.bus.axi_lite import ADDRESS_WIDTH, SLVERR

from .burst import DECERR, BurstAddress


class WriteBursts(wiring.Component):
    """One burst at a time, one beat at a time; see `axi3.Axi3Bridge`.

    Parameters
    ----------
    members : dict
        Ports of both sides, as `axi3.WRITE_PORTS` and the write channels of AXI4-Lite with the prefix ``lite_``.
    """

    def __init__(self, members: dict[str, Any], *, base: int, patience: int) -> None:
        self._base, self._patience = base, patience
        super().__init__(members)
        self._rest, self._waited = Signal(4), Signal(range(patience + 1))
        self._owed, self._resting, self._waiting = Signal(), Signal(), Signal()  # as in `axi3_read.ReadBursts`

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.burst = burst = BurstAddress()
        address, rest, owed, waited = Signal(32), self._rest, self._owed, self._waited
        data, strobe = Signal(32), Signal(4)  # not those of AXI4-Lite, which may still owe its answer to others
        m.d.comb += [burst.address.eq(address), self.lite_awprot.eq(0)]
        with m.If(self.lite_awready):
            m.d.sync += self.lite_awvalid.eq(0)
        with m.If(self.lite_wready):
            m.d.sync += self.lite_wvalid.eq(0)
        with m.If(self.lite_bvalid & self.lite_bready):
            m.d.sync += [owed.eq(0), self.lite_bready.eq(0)]

        def answered(response: Any) -> None:
            m.d.sync += [
                self.bresp.eq(Mux(response > self.bresp, response, self.bresp)),  # DECERR > SLVERR > OKAY
                address.eq(burst.following),
                rest.eq(rest - 1),
            ]
            m.next = "DATA"
            with m.If(rest == 0):
                m.next = "RESPOND"

        with m.FSM(name="state"):
            with m.State("RESET"):
                m.d.comb += self._resting.eq(1)
                m.next = "IDLE"
            with m.State("IDLE"):
                m.d.comb += [self.awready.eq(1), self._resting.eq(1)]
                with m.If(self.awvalid):
                    m.d.sync += [
                        self.bid.eq(self.awid), self.bresp.eq(0), address.eq(self.awaddr), rest.eq(self.awlen),
                        burst.length.eq(self.awlen), burst.size.eq(self.awsize), burst.burst.eq(self.awburst),
                    ]  # fmt: skip
                    m.next = "DATA"
            with m.State("DATA"):
                m.d.comb += self.wready.eq(1)
                with m.If(self.wvalid):
                    m.d.sync += [data.eq(self.wdata), strobe.eq(self.wstrb)]
                    m.next = "BEAT"
            with m.State("BEAT"):
                m.d.sync += waited.eq(0)
                with m.If(address[ADDRESS_WIDTH:] != self._base >> ADDRESS_WIDTH):
                    answered(Const(DECERR, 2))
                with m.Elif(owed):
                    answered(Const(SLVERR, 2))
                with m.Else():
                    m.d.sync += [
                        self.lite_awaddr.eq(address), self.lite_awvalid.eq(1), self.lite_wdata.eq(data),
                        self.lite_wstrb.eq(strobe), self.lite_wvalid.eq(1), self.lite_bready.eq(1),
                    ]  # fmt: skip
                    m.next = "WAIT"
            with m.State("WAIT"):
                m.d.comb += self._waiting.eq(1)
                m.d.sync += waited.eq(waited + 1)
                with m.If(self.lite_bvalid):
                    answered(self.lite_bresp)
                with m.Elif(waited == self._patience):
                    answered(Const(SLVERR, 2))
                    m.d.sync += owed.eq(1)
            with m.State("RESPOND"):
                m.d.comb += self.bvalid.eq(1)
                with m.If(self.bready):
                    m.next = "IDLE"
        return m
