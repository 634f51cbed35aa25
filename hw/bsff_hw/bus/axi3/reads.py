"""The reading half of the bridge from AXI3 to AXI4-Lite."""

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring

from bsff_hw.bus.axi_lite import ADDRESS_WIDTH, SLVERR

from .burst import DECERR, BurstAddress


class ReadBursts(wiring.Component):
    """One burst at a time, one beat at a time; see `axi3.Axi3Bridge`.

    Parameters
    ----------
    members : dict
        Ports of both sides, as `axi3.READ_PORTS` and the read channels of AXI4-Lite with the prefix ``lite_``.
    """

    def __init__(self, members: dict[str, Any], *, base: int, patience: int) -> None:
        self._base, self._patience = base, patience
        super().__init__(members)
        # what the proofs in tests/support/axi_properties.py reason about
        self._rest, self._waited = Signal(4), Signal(range(patience + 1))
        self._owed = Signal()  # AXI4-Lite was given up, and its answer has not come since
        self._resting, self._waiting = Signal(), Signal()

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.burst = burst = BurstAddress()
        address, rest, owed, waited = Signal(32), self._rest, self._owed, self._waited
        m.d.comb += [burst.address.eq(address), self.lite_arprot.eq(0)]
        with m.If(self.lite_arready):
            m.d.sync += self.lite_arvalid.eq(0)
        with m.If(self.lite_rvalid & self.lite_rready):
            m.d.sync += [owed.eq(0), self.lite_rready.eq(0)]
        with m.FSM(name="state"):
            with m.State("RESET"):  # so that nothing is accepted there and forgotten
                m.d.comb += self._resting.eq(1)
                m.next = "IDLE"
            with m.State("IDLE"):
                m.d.comb += [self.arready.eq(1), self._resting.eq(1)]
                with m.If(self.arvalid):
                    m.d.sync += [
                        self.rid.eq(self.arid), address.eq(self.araddr), rest.eq(self.arlen),
                        burst.length.eq(self.arlen), burst.size.eq(self.arsize), burst.burst.eq(self.arburst),
                    ]  # fmt: skip
                    m.next = "BEAT"
            with m.State("BEAT"):
                m.d.sync += [self.rlast.eq(rest == 0), self.rdata.eq(0), waited.eq(0)]
                m.next = "RESPOND"
                with m.If(address[ADDRESS_WIDTH:] != self._base >> ADDRESS_WIDTH):
                    m.d.sync += self.rresp.eq(DECERR)
                with m.Elif(owed):
                    m.d.sync += self.rresp.eq(SLVERR)
                with m.Else():
                    m.d.sync += [self.lite_araddr.eq(address), self.lite_arvalid.eq(1), self.lite_rready.eq(1)]
                    m.next = "WAIT"
            with m.State("WAIT"):
                m.d.comb += self._waiting.eq(1)
                m.d.sync += waited.eq(waited + 1)
                with m.If(self.lite_rvalid):
                    m.d.sync += [self.rdata.eq(self.lite_rdata), self.rresp.eq(self.lite_rresp)]
                    m.next = "RESPOND"
                with m.Elif(waited == self._patience):
                    m.d.sync += [owed.eq(1), self.rresp.eq(SLVERR)]
                    m.next = "RESPOND"
            with m.State("RESPOND"):
                m.d.comb += self.rvalid.eq(1)
                with m.If(self.rready):
                    m.d.sync += [address.eq(burst.following), rest.eq(rest - 1)]
                    m.next = "BEAT"
                    with m.If(self.rlast):
                        m.next = "IDLE"
        return m
