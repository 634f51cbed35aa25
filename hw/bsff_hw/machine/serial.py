"""The machine behind a serial line: two pins and a lamp."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff.config import Config
from bsff.contract.serial import BAUD, SILENCE
from bsff_hw.bus.axi_lite import PORTS
from bsff_hw.bus.join import join
from bsff_hw.plan import Plan, plan
from bsff_hw.uart import Bridge, divisor

from .flat import verilog as flat_verilog
from .network import Network

NAME = "bsff"


class SerialNetwork(wiring.Component):
    """The whole machine without the reader of samples, reached over a UART (8N1) by what docs/serial.md describes.

    It knows nothing of boards; everything runs in the domain ``sync``.

    Parameters
    ----------
    plan : Plan
    clock_hz : float
        Frequency of ``sync`` in hertz.
    baud : float
        Bits a second.
    silence : float
        Seconds without a byte that end a frame, and that a parcel may wait in all.

    Members
    -------
    rx, tx : In(1), Out(1)
        The line as the machine sees it, high while idle; `rx` may come from a pin.
    busy : Out(1)
        STATUS.busy, for a lamp.

    Raises
    ------
    ValueError
        If `baud` cannot be made from the clock; see `uart.divisor`.
    """

    def __init__(self, plan: Plan, *, clock_hz: float, baud: float = BAUD, silence: float = SILENCE) -> None:
        self._bridge = Bridge(divisor(clock_hz, baud), silence=max(1, round(clock_hz * silence)))
        self._network = Network(plan, memory=False)
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1), "busy": Out(1)})

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.bridge, m.submodules.network = bridge, network = self._bridge, self._network
        m.d.comb += [
            *join(bridge.axi, network, PORTS),
            bridge.rx.eq(self.rx),
            self.tx.eq(bridge.tx),
            self.busy.eq(network.busy),
        ]
        return m


def serial_verilog(
    config: Config, clock_hz: float, baud: float = BAUD, *, silence: float = SILENCE, primitives: str | None = None
) -> str:
    """The Verilog of the machine behind a serial line; the same text every time.

    The module is called ``bsff``; its ports are ``clk``, ``rst`` (synchronous, active high), ``rx``, ``tx`` and ``busy``.

    Parameters
    ----------
    clock_hz, baud, silence :
        See `SerialNetwork`.
    primitives : str, optional
        See `flat.verilog`.

    Raises
    ------
    ConfigError
        If a folding does not fit the network.
    DeviceError
        If the configuration asks for what the machine cannot do.
    ValueError
        If `baud` cannot be made from the clock.
    """
    divisor(clock_hz, baud)  # refuses before there is a component, which Amaranth would miss
    machine = SerialNetwork(plan(config), clock_hz=clock_hz, baud=baud, silence=silence)
    ports = {name: name for name in machine.signature.members}
    return flat_verilog(machine, ports, name=NAME, primitives=primitives, clock="clk", reset="rst", active_low=False)
