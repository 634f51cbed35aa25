"""The top level: one module with flat port names, and its Verilog."""

from __future__ import annotations

from bsff.config import Config

from .axi_lite import PORTS
from .axi_reader import PORTS as MEMORY_PORTS
from .flat import prefixed
from .flat import verilog as flat_verilog
from .network import Network
from .plan import plan

NAME = "bsff"
AXI = "s_axi_"
MEMORY = "m_axi_"


def verilog(config: Config, *, memory: bool = True) -> str:
    """The Verilog of the machine for a configuration; the same text every time.

    The module is called ``bsff``; its ports are ``aclk``, ``aresetn``, AXI4-Lite as ``s_axi_...``, the AXI3 read master
    ``m_axi_...``, and ``busy``.

    Parameters
    ----------
    config : Config
    memory : bool
        False leaves the read master out: the host then writes every sample.

    Raises
    ------
    ConfigError
        If a folding does not fit the network.
    DeviceError
        If the configuration asks for what the machine cannot do.
    """
    ports = {**prefixed(AXI, PORTS), "busy": "busy"}
    if memory:
        ports |= {MEMORY + name: f"memory.{name}" for name in MEMORY_PORTS}
    return flat_verilog(Network(plan(config), memory=memory), ports, name=NAME)
