"""Read channels of AXI3, 64 bits: the HP ports of a Zynq-7000 take them as they are, Vivado's interconnects widen them to AXI4."""

from amaranth.lib.wiring import In, Out

ADDRESS_WIDTH = 40
"""Physical addresses of a ZynqMP; a Zynq-7000 uses 32 of them."""
BEAT_BYTES = 8
PORTS = {
    "arid": Out(1),
    "araddr": Out(ADDRESS_WIDTH),
    "arlen": Out(4),
    "arsize": Out(3),
    "arburst": Out(2),
    "arlock": Out(2),
    "arcache": Out(4),
    "arprot": Out(3),
    "arvalid": Out(1),
    "arready": In(1),
    "rid": In(1),
    "rdata": In(8 * BEAT_BYTES),
    "rresp": In(2),
    "rlast": In(1),
    "rvalid": In(1),
    "rready": Out(1),
}
"""The AXI side, as the master sees it; `reader.SampleReader` and the flat top share it."""
