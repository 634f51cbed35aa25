"""AXI3 in front of AXI4-Lite: what a Zynq-7000's GP port needs where no tool lays an interconnect between.

The processor asks for bursts of up to 16 beats, with 12-bit IDs, of bytes and half words too, anywhere in its gigabyte.
Whatever it asks for is answered: a read without an answer freezes the whole board.
"""

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature

from bsff_hw.bus import axi_lite
from bsff_hw.bus.axi_lite import ADDRESS_WIDTH, DATA_WIDTH

from .burst import DECERR, LENGTHS, addresses
from .reads import ReadBursts
from .writes import WriteBursts

BASE = 0x4000_0000
"""Where the window of registers lies in the aperture of GP0."""
ID_WIDTH = 12
PATIENCE = 2**16
"""Cycles after which a register that does not answer is given up: 0.7 ms at 100 MHz."""
_ADDRESS = {
    "id": In(ID_WIDTH), "addr": In(32), "len": In(range(LENGTHS)), "size": In(3), "burst": In(2), "lock": In(2),
    "cache": In(4), "prot": In(3), "valid": In(1), "ready": Out(1),
}  # fmt: skip
WRITE_PORTS = {
    **{f"aw{name}": member for name, member in _ADDRESS.items()},
    "wid": In(ID_WIDTH),
    "wdata": In(DATA_WIDTH),
    "wstrb": In(DATA_WIDTH // 8),
    "wlast": In(1),
    "wvalid": In(1),
    "wready": Out(1),
    "bid": Out(ID_WIDTH),
    "bresp": Out(2),
    "bvalid": Out(1),
    "bready": In(1),
}
READ_PORTS = {
    **{f"ar{name}": member for name, member in _ADDRESS.items()},
    "rid": Out(ID_WIDTH),
    "rdata": Out(DATA_WIDTH),
    "rresp": Out(2),
    "rlast": Out(1),
    "rvalid": Out(1),
    "rready": In(1),
}
PORTS = {**WRITE_PORTS, **READ_PORTS}
"""The AXI3 side, as the slave sees it; `Axi3Bridge` and the flat top share it."""


def _lite(*channels: str) -> dict[str, Any]:
    """Ports of a half of the bridge towards AXI4-Lite."""
    return {f"lite_{name}": port.flip() for name, port in axi_lite.PORTS.items() if name.startswith(channels)}


class Axi3Bridge(wiring.Component):
    """AXI3 slave that does each beat of a burst as one AXI4-Lite access.

    One burst at a time in each direction; reads and writes do not wait for each other. A beat outside the window of
    64 KiB at `base` is answered DECERR. One that AXI4-Lite does not answer within `patience` cycles is answered SLVERR,
    as is every later one in its direction until that answer has come. Reads of less than a word read the word. A
    write's response is the worst of its beats'. The burst's length is AWLEN; WLAST and WID are not looked at, since a
    GP port does not interleave. Exclusive accesses are done as plain ones and not answered EXOKAY, which tells the
    master that they failed. Nothing is accepted during reset.

    Latency, with a master that is always ready: a beat takes three cycles more than its AXI4-Lite access, the address
    of a burst one, the response to a write one.

    Parameters
    ----------
    base : int
        A multiple of 64 KiB.

    Members
    -------
    awid ... rready :
        AXI3, 32 bits of data and of address. Every output depends on registers alone.
    lite :
        AXI4-Lite, towards `axi_lite.AxiLite`.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    def __init__(self, *, base: int = BASE, patience: int = PATIENCE) -> None:
        if base % (1 << ADDRESS_WIDTH) or not 0 <= base < 1 << 32:
            raise ValueError(f"base = 0x{base:x}: expected a multiple of 0x{1 << ADDRESS_WIDTH:x} below 4 GiB")
        if patience < 1:
            raise ValueError(f"patience = {patience}: expected at least 1 cycle")
        self._halves = {
            "reads": ReadBursts({**READ_PORTS, **_lite("ar", "r")}, base=base, patience=patience),
            "writes": WriteBursts({**WRITE_PORTS, **_lite("aw", "w", "b")}, base=base, patience=patience),
        }
        super().__init__({**PORTS, "lite": In(Signature(axi_lite.PORTS))})

    def elaborate(self, platform) -> Module:
        m = Module()
        for name, half in self._halves.items():
            m.submodules[name] = half
            for signal, member in half.signature.members.items():
                outer = getattr(self.lite, signal[5:]) if signal.startswith("lite_") else getattr(self, signal)
                inner = getattr(half, signal)
                m.d.comb += inner.eq(outer) if member.flow == In else outer.eq(inner)
        return m


def answer_burst(
    address: int, length: int, size: int, burst: int, *, strobes: list[int] | None = None, base: int = BASE
) -> list[tuple[int | None, int]]:
    """Integer model of `Axi3Bridge`: what becomes of each beat of a burst, if AXI4-Lite answers.

    Parameters
    ----------
    address, length, size, burst : int
        As the master gives them; the burst has ``length + 1`` beats.
    strobes : list of int, optional
        Byte lanes of a write's beats; None for a read.

    Returns
    -------
    list of (int or None, int)
        Address on the register bus, None for a beat that is not passed on; and its response.
    """
    result: list[tuple[int | None, int]] = []
    for i, at in enumerate(addresses(address, length, size, burst)):
        if at >> ADDRESS_WIDTH != base >> ADDRESS_WIDTH:
            result.append((None, DECERR))
        else:
            result.append(axi_lite.answer(at, None if strobes is None else strobes[i]))
    return result
