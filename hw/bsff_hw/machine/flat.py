"""Verilog with the port names that the tools of AXI expect.

Amaranth names a port after its path (``axi__awaddr``) and its clock ``clk``. Vivado recognises an AXI interface, and
cocotbext-axi binds to it, by names such as ``s_axi_awaddr``, next to ``aclk`` and ``aresetn``.
"""

from collections.abc import Iterable, Mapping

from amaranth.hdl import ClockDomain, Module, Signal, Value
from amaranth.hdl._ir import PortDirection  # Amaranth 0.5 has it nowhere else
from amaranth.lib import wiring

from bsff_hw.parts.platforms import PLATFORMS
from bsff_hw.yosys import convert

CLOCK = "aclk"
RESET = "aresetn"
# said rather than left to Amaranth, which takes an output that nothing drives for an input
INPUT, OUTPUT = PortDirection.Input, PortDirection.Output


def prefixed(prefix: str, members: Iterable[str]) -> dict[str, str]:
    """Ports named ``prefix + member``: ``prefixed("s_axi_", axi_lite.PORTS)``."""
    return {prefix + member: member for member in members}


def verilog(
    component: wiring.Component,
    ports: Mapping[str, str],
    *,
    name: str,
    primitives: str | None = None,
    clock: str = CLOCK,
    reset: str = RESET,
    active_low: bool = True,
) -> str:
    """The Verilog of a component in a flat shell.

    The shell has the ports ``aclk``, ``aresetn`` (synchronous, active low), and those of `ports`. The component is its
    instance ``core``.

    Parameters
    ----------
    component : wiring.Component
        Everything in it runs in the domain ``sync``.
    ports : mapping of str to str
        Name of each port in Verilog, and the member of the component that it is: ``{"s_axi_awaddr": "awaddr"}``. A
        member of an interface is given by its path, such as ``axi.awaddr``.
    name : str
        Name of the module.
    primitives : str, optional
        Family of the devices whose primitives may be used, as in `parts.platforms.PLATFORMS`; by default none, so that the
        text is for every tool.
    clock, reset : str
        Other names of those two ports.
    active_low : bool
        Whether the machine is reset while that port is 0.

    Raises
    ------
    ValueError
        If a port stands for no member, a member has no port, or two ports have one name.
    """
    members = {
        ".".join(map(str, path)): (Value.cast(value), INPUT if member.flow == wiring.In else OUTPUT)
        for path, member, value in component.signature.flatten(component)
    }
    _check(ports, set(members), type(component).__name__, (clock, reset))
    top = Module()
    top.domains.sync = domain = ClockDomain("sync")
    ticks, resets = Signal(name=clock), Signal(name=reset)
    top.d.comb += [domain.clk.eq(ticks), domain.rst.eq(~resets if active_low else resets)]
    top.submodules.core = component
    shell = {clock: (ticks, INPUT), reset: (resets, INPUT), **{port: members[path] for port, path in ports.items()}}
    return convert(
        top, name=name, ports=shell, platform=PLATFORMS.get(primitives or ""), emit_src=False, strip_internal_attrs=True
    )


def _check(ports: Mapping[str, str], members: set[str], component: str, own: tuple[str, str]) -> None:
    for port, path in ports.items():
        if path not in members:
            raise ValueError(f"port {port}: {component} has no member {path}; it has {', '.join(sorted(members))}")
        if port in own:
            raise ValueError(f"port {port} is the shell's own; give member {path} another name")
    if missing := members - set(ports.values()):
        raise ValueError(f"no port for {', '.join(sorted(missing))} of {component}; name one for each")
    if len(set(ports.values())) != len(ports):
        raise ValueError(f"several ports stand for one member of {component}: {dict(ports)}; give each member one")
