"""The machine around a bare PS7: what is built without Vivado.

The processing system is configured by the boot image; loading a bitstream makes the kernel enable the level shifters and
release the resets. What is left to us is to answer AXI3 on GP0 over its whole aperture, to take the clock over a buffer,
and to keep the machine in reset until FCLK_RESET0_N has been released for two clocks. That a stock image accepts such a
bitstream is inferred, and was never tried.
"""

from typing import Any

from amaranth.hdl import Cat, ClockDomain, ClockSignal, Const, Instance, Module, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff.config import Config
from bsff_hw.bus import axi_lite
from bsff_hw.bus import reader as axi_reader
from bsff_hw.bus.axi3 import bridge as axi3
from bsff_hw.bus.axi3.bridge import Axi3Bridge
from bsff_hw.bus.join import join
from bsff_hw.machine.network import Network
from bsff_hw.plan import plan
from bsff_hw.yosys import convert

NAME = "bsff_ps7"
HP_ID_WIDTH = 6
_SIZE_BITS = 2
"""The primitive's ports for the size of a beat have two bits; the third, for more than 64 bits, is 0."""


class Ps7Shell(wiring.Component):
    """A PS7, the bridge, the machine.

    Parameters
    ----------
    network : Network
    base : int
        Of the registers in GP0's aperture.

    Members
    -------
    led : Out(1)
        The machine's ``busy``.
    """

    def __init__(self, network: wiring.Component, *, base: int = axi3.BASE) -> None:
        self._network, self._base = network, base
        super().__init__({"led": Out(1)})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.domains.sync = ClockDomain("sync")
        m.submodules.bridge = bridge = Axi3Bridge(base=self._base)
        m.submodules.machine = machine = self._network
        fclk, released = Signal(4), Signal(4)
        ports: dict[str, Any] = {
            "o_FCLKCLK": fclk,
            "o_FCLKRESETN": released,
            "i_FCLKCLKTRIGN": Const(0, 4),
            "i_MAXIGP0ACLK": ClockSignal(),
            "i_SAXIHP0ACLK": ClockSignal(),
        }
        for name, member in axi3.PORTS.items():
            self._join(m, ports, "MAXIGP0", name, member.flow == In, getattr(bridge, name))
        for name, member in axi_reader.PORTS.items():
            self._join(m, ports, "SAXIHP0", name, member.flow == In, getattr(machine.memory, name))
        m.d.comb += join(bridge.lite, machine, axi_lite.PORTS)
        # nothing is ever written to memory
        for name, width in (("AWVALID", 1), ("WVALID", 1), ("BREADY", 1), ("RDISSUECAP1EN", 1), ("WRISSUECAP1EN", 1),
                            ("ARQOS", 4)):  # fmt: skip
            ports[f"i_SAXIHP0{name}"] = Const(0, width)
        m.submodules.ps7 = Instance("PS7", a_keep=1, **ports)
        m.submodules.bufg = Instance("BUFG", i_I=fclk[0], o_O=ClockSignal())
        # released at the clock's edge, or registers would leave reset in different cycles; its own domain has no reset
        m.domains.plain = ClockDomain("plain", reset_less=True)
        m.d.comb += ClockSignal("plain").eq(ClockSignal())
        steps = Signal(2)
        m.d.plain += steps.eq(Cat(released[0], steps[0]))
        m.d.comb += [ResetSignal().eq(~steps[1]), self.led.eq(machine.busy)]
        return m

    @staticmethod
    def _join(m: Module, ports: dict[str, Any], port: str, name: str, from_ps: bool, ours: Any) -> None:
        """A signal of a bus between the primitive and ours, whatever its width there."""
        width = len(ours)
        if name in ("awsize", "arsize"):
            width = _SIZE_BITS
        elif port == "SAXIHP0" and name in ("arid", "rid"):
            width = HP_ID_WIDTH
        elif port == "SAXIHP0" and name == "araddr":
            width = 32  # buffers lie in the memory of a Zynq-7000, below 2 GiB
        theirs = Signal(width, name=f"{port.lower()}_{name}")
        m.d.comb += ours.eq(theirs) if from_ps else theirs.eq(ours)
        ports[("o_" if from_ps else "i_") + port + name.upper()] = theirs


def verilog(config: Config, *, base: int = axi3.BASE) -> str:
    """The Verilog of the shell for a configuration; its module `NAME` has one port, ``led``.

    Raises
    ------
    ConfigError
        If a folding does not fit the network.
    """
    shell = Ps7Shell(Network(plan(config)), base=base)
    return convert(shell, name=NAME, ports=[shell.led], emit_src=False, strip_internal_attrs=True)
