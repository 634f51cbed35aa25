"""The top level: one module with flat port names, and its Verilog."""

from __future__ import annotations

from bsff.config import Config

from .axi_lite import PORTS
from .flat import prefixed
from .flat import verilog as flat_verilog
from .network import Network
from .plan import plan

NAME = "bsff"
AXI = "s_axi_"


def verilog(config: Config) -> str:
    """The Verilog of the machine for a configuration; the same text every time.

    The module is called ``bsff``; its ports are ``aclk``, ``aresetn``, AXI4-Lite as ``s_axi_...``, and ``busy``.

    Parameters
    ----------
    config : Config

    Raises
    ------
    ConfigError
        If a folding does not fit the network.
    DeviceError
        If the configuration asks for what the machine cannot do.
    """
    return flat_verilog(Network(plan(config)), {**prefixed(AXI, PORTS), "busy": "busy"}, name=NAME)
