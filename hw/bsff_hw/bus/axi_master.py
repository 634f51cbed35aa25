"""AXI4-Lite from the other side: one access after another, none of which waits for ever."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature

from bsff_hw.host.interfaces import host_signature

from .axi_lite import PORTS

PATIENCE = 2**16
"""Cycles without an answer after which an access is given up, as `reader.PATIENCE`."""


class AxiMaster(wiring.Component):
    """Turn accesses of a register bus into AXI4-Lite, and every end that they can have into an answer.

    AXI cannot take a request back. When a slave stays silent for `patience` cycles the access is answered as silent, and
    what the slave owes is kept in mind: until it has come, every access is answered as silent at once. An answer that
    comes late is thrown away, and all is well again.

    Latency: ``awvalid``, ``wvalid`` or ``arvalid`` rise in the cycle after ``request``; ``done`` comes in the cycle after
    the slave's response was taken.

    Parameters
    ----------
    patience : int
        At least 1.

    Members
    -------
    host : In(host_signature())
        With ``done``: `error` and `silent`, and ``read_data`` where both are 0. `request` falls after ``done``.
    error : Out(1)
        The slave answered SLVERR or DECERR.
    silent : Out(1)
        It did not answer, or still owes an answer.
    axi : Out(Signature)
        Ports ``awaddr`` ... ``rready`` of `axi_lite.PORTS`, as a master has them. Every output is a register, but for the
        constant ``awprot``, ``arprot`` and ``wstrb``.

    Raises
    ------
    ValueError
        If `patience` is below 1.
    """

    def __init__(self, *, patience: int = PATIENCE) -> None:
        if patience < 1:
            raise ValueError(f"patience = {patience}: expected at least 1 cycle")
        self._patience = patience
        super().__init__(
            {
                "host": In(host_signature()),
                "error": Out(1),
                "silent": Out(1),
                "axi": In(Signature(PORTS)),  # PORTS are the slave's: turned round
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        host, axi = self.host, self.axi
        owed, waited = Signal(), Signal(range(self._patience + 1))
        m.d.comb += [axi.wstrb.eq(0xF), axi.bready.eq(1), axi.rready.eq(1)]
        m.d.sync += host.done.eq(0)
        for valid, ready in ((axi.awvalid, axi.awready), (axi.wvalid, axi.wready), (axi.arvalid, axi.arready)):
            with m.If(ready):
                m.d.sync += valid.eq(0)

        answered, response = Signal(), Signal(2)
        m.d.comb += [answered.eq(axi.bvalid | axi.rvalid), response.eq(axi.rresp)]
        with m.If(axi.bvalid):
            m.d.comb += response.eq(axi.bresp)
        with m.If(answered):
            m.d.sync += owed.eq(0)

        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += waited.eq(0)
                with m.If(host.request & ~host.done):
                    with m.If(owed):
                        m.d.sync += [host.done.eq(1), self.error.eq(0), self.silent.eq(1)]
                    with m.Else():
                        m.d.sync += [
                            axi.awaddr.eq(host.address),
                            axi.araddr.eq(host.address),
                            axi.wdata.eq(host.write_data),
                            axi.awvalid.eq(host.writes),
                            axi.wvalid.eq(host.writes),
                            axi.arvalid.eq(~host.writes),
                            owed.eq(1),
                        ]
                        m.next = "WAIT"
            with m.State("WAIT"):
                m.d.sync += waited.eq(waited + 1)
                with m.If(answered):
                    m.d.sync += [host.read_data.eq(axi.rdata), self.error.eq(response[1]), self.silent.eq(0)]
                with m.Elif(waited == self._patience - 1):
                    m.d.sync += [self.error.eq(0), self.silent.eq(1)]
                with m.If(answered | (waited == self._patience - 1)):
                    m.d.sync += host.done.eq(1)
                    m.next = "IDLE"
        return m
