"""AXI4-Lite in front of a register bus: the processor's way to the registers."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.host.interfaces import host_signature

ADDRESS_WIDTH = 16
DATA_WIDTH = 32
OKAY = 0b00
SLVERR = 0b10
PORTS = {
    "awaddr": In(ADDRESS_WIDTH),
    "awprot": In(3),
    "awvalid": In(1),
    "awready": Out(1),
    "wdata": In(DATA_WIDTH),
    "wstrb": In(DATA_WIDTH // 8),
    "wvalid": In(1),
    "wready": Out(1),
    "bresp": Out(2),
    "bvalid": Out(1),
    "bready": In(1),
    "araddr": In(ADDRESS_WIDTH),
    "arprot": In(3),
    "arvalid": In(1),
    "arready": Out(1),
    "rdata": Out(DATA_WIDTH),
    "rresp": Out(2),
    "rvalid": Out(1),
    "rready": In(1),
}
"""The AXI4-Lite side, as the slave sees it; `AxiLite` and the flat top share it."""


class AxiLite(wiring.Component):
    """AXI4-Lite slave, 16-bit byte addresses and 32-bit words, that passes one access at a time to a register bus.

    AW and W may come in any order. While reads and writes both wait, they take turns; neither waits for the other's
    response to be taken. An address is rounded down to a word. A write of less than a word is answered SLVERR and not
    passed on, all else is OKAY: Linux kills a process that an error answers, so a register that does not exist is the
    bus's affair, which gives 0. Protection bits are ignored. Nothing is accepted during reset.

    Latency, with ``done`` in the first cycle of ``request``: an access accepted in cycle 0 (the later of AW and W) has
    its ``request`` in cycle 2 and its response in cycle 3. Each cycle without ``done`` adds one. An SLVERR comes in
    cycle 2.

    Throughput, without stalls: one access every 3 cycles in one direction; one every 2 while reads and writes take
    turns.

    Members
    -------
    awaddr, awprot, awvalid, awready, wdata, wstrb, wvalid, wready, bresp, bvalid, bready
        Write channels of AXI4-Lite. Every output is a register.
    araddr, arprot, arvalid, arready, rdata, rresp, rvalid, rready
        Read channels.
    host : Out(host_signature())
        The register bus. The low two bits of an address are 0.
    """

    def __init__(self) -> None:
        super().__init__({**PORTS, "host": Out(host_signature())})

    def elaborate(self, platform) -> Module:
        """Three one-word holding registers, an arbiter, and the two responses."""
        m = Module()
        host = self.host
        write_address, read_address = Signal(ADDRESS_WIDTH - 2), Signal(ADDRESS_WIDTH - 2)
        write_whole, write_waits, read_waits = Signal(), Signal(), Signal()
        m.d.comb += [host.address.eq(Cat(0, 0, Mux(host.writes, write_address, read_address))), self.rresp.eq(OKAY)]

        # An access has ended: its holding registers are free again.
        write_taken, read_taken = Signal(), Signal()

        def hold(name: str, valid: Signal, ready: Signal, taken: Signal, copy: list[object]) -> Signal:
            # `ready` is not simply ~held: it is low in reset, so that nothing is accepted there and forgotten.
            held = Signal(name=f"{name}_held")
            with m.If(valid & ready):
                m.d.sync += [held.eq(1), ready.eq(0), *copy]
            with m.Elif(~held | taken):
                m.d.sync += [held.eq(0), ready.eq(1)]
            return held

        aw_held = hold("aw", self.awvalid, self.awready, write_taken, [write_address.eq(self.awaddr[2:])])
        word = [host.write_data.eq(self.wdata), write_whole.eq(self.wstrb.all())]
        w_held = hold("w", self.wvalid, self.wready, write_taken, word)
        ar_held = hold("ar", self.arvalid, self.arready, read_taken, [read_address.eq(self.araddr[2:])])

        with m.If(self.bready):
            m.d.sync += self.bvalid.eq(0)
        with m.If(self.rready):
            m.d.sync += self.rvalid.eq(0)

        # An access begins only when its response will have a place to go.
        m.d.comb += [
            write_waits.eq(aw_held & w_held & (~self.bvalid | self.bready)),
            read_waits.eq(ar_held & (~self.rvalid | self.rready)),
        ]
        with m.If(host.request):  # noqa: SIM117 - an Elif follows
            with m.If(host.done):
                m.d.sync += host.request.eq(0)
                with m.If(host.writes):
                    m.d.comb += write_taken.eq(1)
                    m.d.sync += [self.bvalid.eq(1), self.bresp.eq(OKAY)]
                with m.Else():
                    m.d.comb += read_taken.eq(1)
                    m.d.sync += [self.rvalid.eq(1), self.rdata.eq(host.read_data)]
        # Fair without a memory of whose turn it is: an access that ends leaves its own holding register empty in the next
        # cycle, and there the other kind is taken.
        with m.Elif(write_waits):
            m.d.sync += [host.writes.eq(1), host.request.eq(write_whole)]
            with m.If(~write_whole):
                m.d.comb += write_taken.eq(1)
                m.d.sync += [self.bvalid.eq(1), self.bresp.eq(SLVERR)]
        with m.Elif(read_waits):
            m.d.sync += [host.writes.eq(0), host.request.eq(1)]
        return m


def answer(address: int, strobe: int | None = None) -> tuple[int | None, int]:
    """Integer model of `AxiLite`: what one access becomes.

    Parameters
    ----------
    address : int
        As the master gives it.
    strobe : int, optional
        Byte lanes of a write; None for a read.

    Returns
    -------
    passed : int or None
        Address on the register bus; None if the access is not passed on.
    response : int
        What the master reads as BRESP or RRESP.
    """
    if strobe not in (None, (1 << DATA_WIDTH // 8) - 1):
        return None, SLVERR
    return address & ((1 << ADDRESS_WIDTH) - 4), OKAY
