"""The top level: one module with flat port names, and its Verilog."""

from bsff.config import Config, blocks
from bsff.errors import ConfigError
from bsff_hw.bus.axi_lite import PORTS
from bsff_hw.bus.memory_port import PORTS as MEMORY_PORTS
from bsff_hw.head.head import Head
from bsff_hw.layer.layer import Layer
from bsff_hw.plan import LayerPlan, plan

from .flat import prefixed
from .flat import verilog as flat_verilog
from .network import Network

NAME = "bsff"
AXI = "s_axi_"
MEMORY = "m_axi_"


def verilog(config: Config, *, memory: bool = True, primitives: str | None = None) -> str:
    """The Verilog of the machine for a configuration; the same text every time.

    The module is called ``bsff``; its ports are ``aclk``, ``aresetn``, AXI4-Lite as ``s_axi_...``, the AXI3 read master
    ``m_axi_...``, and ``busy``.

    Parameters
    ----------
    memory : bool
        False leaves the read master out: the host then writes every sample.
    primitives : str, optional
        See `flat.verilog`.

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
    return flat_verilog(Network(plan(config), memory=memory), ports, name=NAME, primitives=primitives)


def block_verilog(config: Config, block: str, *, primitives: str | None = None) -> str:
    """The Verilog of one layer or the head by itself, to count what it takes without the minutes that the whole needs.

    The module has the block's name; its ports are the block's members.

    Parameters
    ----------
    block : str
        ``layer1`` ... or ``head``.
    primitives : str, optional
        See `flat.verilog`.

    Raises
    ------
    ConfigError
        If the network has no such block.
    """
    folded = plan(config)
    parts = blocks(folded.layers, folded.head)
    if block not in parts:
        raise ConfigError(f"block {block!r}: {config.name} has {', '.join(parts)}")
    part = parts[block]
    component = Layer(part) if isinstance(part, LayerPlan) else Head(part)
    ports = {
        "_".join(map(str, path)): ".".join(map(str, path)) for path, _, _ in component.signature.flatten(component)
    }
    return flat_verilog(component, ports, name=block, primitives=primitives)
