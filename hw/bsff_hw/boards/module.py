"""The module that Vivado puts into a block design: the machine with its interfaces named."""

from amaranth.lib import wiring

from bsff.machine.devices.pynq.names import VIVADO_VLNV
from bsff_hw.bus.axi_lite import PORTS
from bsff_hw.bus.memory_port import PORTS as MEMORY_PORTS
from bsff_hw.machine.flat import CLOCK, RESET
from bsff_hw.machine.top import AXI, MEMORY, NAME

MODULE = VIVADO_VLNV.split(":")[2]
"""Vivado makes the type of a module reference of its name, by which the driver is bound."""
_INTERFACES = {
    AXI: ("S_AXI", PORTS, "PROTOCOL AXI4LITE, DATA_WIDTH 32"),
    MEMORY: (
        "M_AXI",
        MEMORY_PORTS,
        "PROTOCOL AXI3, DATA_WIDTH 64, HAS_BURST 1, MAX_BURST_LENGTH 16, READ_WRITE_MODE READ_ONLY",
    ),
}


def wrapper() -> str:
    """Verilog of `MODULE`: the ports of ``bsff`` with Vivado's attributes, so that it need not guess."""
    ports = [
        f'(* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 {CLOCK} CLK", X_INTERFACE_PARAMETER = '
        f'"ASSOCIATED_BUSIF S_AXI:M_AXI, ASSOCIATED_RESET {RESET}" *)\n    input wire {CLOCK}',
        f'(* X_INTERFACE_INFO = "xilinx.com:signal:reset:1.0 {RESET} RST", X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)\n'
        f"    input wire {RESET}",
    ]
    names = [CLOCK, RESET]
    for prefix, (interface, members, parameters) in _INTERFACES.items():
        for number, (name, member) in enumerate(members.items()):
            extra = f', X_INTERFACE_PARAMETER = "{parameters}"' if number == 0 else ""
            width = member.shape if isinstance(member.shape, int) else member.shape.width
            flow = "input" if member.flow == wiring.In else "output"
            span = "" if width == 1 else f"[{width - 1}:0] "
            ports.append(
                f'(* X_INTERFACE_INFO = "xilinx.com:interface:aximm:1.0 {interface} {name.upper()}"{extra} *)\n'
                f"    {flow} wire {span}{prefix}{name}"
            )
            names.append(prefix + name)
    ports.append("output wire busy")
    names.append("busy")
    connections = ",\n".join(f"        .{name}({name})" for name in names)
    listed = ",\n".join(f"    {port}" for port in ports)
    return f"module {MODULE} (\n{listed}\n);\n    {NAME} machine (\n{connections}\n    );\nendmodule\n"
