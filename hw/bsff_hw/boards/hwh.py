"""The hardware handoff that PYNQ reads beside a bitstream, made from the register table instead of by Vivado.

PYNQ drops an IP silently where an attribute is missing, so each of these was needed by one of its parsers.
"""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from bsff.config import Config
from bsff.contract.geometry import geometry
from bsff.contract.registers import BLOCK, GLOBAL, WINDOW, Register, block_offset
from bsff.errors import ConfigError
from bsff.machine.devices.pynq.names import OWN_VLNV as VLNV

from .table import Board

INSTANCE = "bsff_0"
IO_PLL_MHZ = 1000
_ACCESS = {"ro": "read-only", "rw": "read-write", "wo": "write-only"}


def divisors(clock_mhz: int) -> tuple[int, int]:
    """What divides the PLL's 1000 MHz to the clock.

    Raises
    ------
    ConfigError
        If no pair of divisors from 1 to 63 gives it.
    """
    for first in range(1, 64):
        for second in range(1, 64):
            if first * second * clock_mhz == IO_PLL_MHZ:
                return first, second
    raise ConfigError(
        f"clock of {clock_mhz} MHz: {IO_PLL_MHZ} MHz of the PLL cannot be divided to it; choose one of 20, 25, 40, 50, 100, 125, 200"
    )


def handoff(config: Config, board: Board, *, clock_mhz: int) -> str:
    """The .hwh of `ps7.Ps7Shell` for a configuration.

    Parameters
    ----------
    config : Config
    board : Board
        Of the family zynq7.
    clock_mhz : int

    Raises
    ------
    ConfigError
        If the board is of another family, or the clock cannot be made.
    """
    if board.family != "zynq7":
        raise ConfigError(
            f"board {board.name}: an own .hwh is for zynq7, this is {board.family}; build with --tool vivado"
        )
    device, _, package = board.part.rpartition("-")[0].partition("clg")
    system = Element("EDKSYSTEM", EDWVERSION="1.2", TIMESTAMP="Thu Jan  1 00:00:00 1970", VIVADOVERSION="2024.1")
    SubElement(
        system, "SYSTEMINFO", ARCH="zynq", BOARD=board.board_parts[0], DEVICE=device.removeprefix("xc"), NAME="bsff",
        PACKAGE=f"clg{package}", SPEEDGRADE="-" + board.part.rpartition("-")[2],
    )  # fmt: skip
    SubElement(system, "EXTERNALPORTS")
    SubElement(system, "EXTERNALINTERFACES")
    modules = SubElement(system, "MODULES")
    _processor(modules, board, clock_mhz)
    _machine(modules, config, board)
    ElementTree.indent(system)
    return ElementTree.tostring(system, encoding="unicode", xml_declaration=True) + "\n"


def _module(modules: Element, instance: str, kind: str, vlnv: str, role: str, *, fabric: bool) -> Element:
    return SubElement(
        modules, "MODULE", FULLNAME=f"/{instance}", HWVERSION=vlnv.rpartition(":")[2], INSTANCE=instance, IPTYPE=role,
        IS_ENABLE="1", MODCLASS=role, IS_PL=str(fabric).upper(), MODTYPE=kind, VLNV=vlnv,
    )  # fmt: skip


def _parameters(module: Element, values: dict[str, object]) -> None:
    parameters = SubElement(module, "PARAMETERS")
    for name, value in values.items():
        SubElement(parameters, "PARAMETER", NAME=name, VALUE=str(value))


def _processor(modules: Element, board: Board, clock_mhz: int) -> None:
    ps7 = _module(
        modules, "ps7", "processing_system7", "xilinx.com:ip:processing_system7:5.5", "PROCESSOR", fabric=False
    )
    values: dict[str, object] = {}
    for i in range(4):  # PYNQ wants all four, whether enabled or not
        first, second = divisors(clock_mhz) if i == 0 else (1, 1)
        values |= {
            f"PCW_FPGA_FCLK{i}_ENABLE": int(i == 0),
            f"PCW_FCLK{i}_PERIPHERAL_DIVISOR0": first,
            f"PCW_FCLK{i}_PERIPHERAL_DIVISOR1": second,
            f"PCW_FCLK{i}_PERIPHERAL_CLKSRC": "IO PLL",
        }
    values["PCW_S_AXI_HP0_DATA_WIDTH"] = 64
    values["PSU__CRL_APB__PL0_REF_CTRL__ACT_FREQMHZ"] = f"{clock_mhz}.000000"  # PYNQ 4.0.0 looks for it here too
    _parameters(ps7, values)
    SubElement(SubElement(ps7, "PORTS"), "PORT", DIR="O", NAME="FCLK_CLK0", SIGIS="clk")
    SubElement(
        SubElement(ps7, "BUSINTERFACES"), "BUSINTERFACE", NAME="M_AXI_GP0", TYPE="MASTER",
        VLNV="xilinx.com:interface:aximm:1.0",
    )  # fmt: skip
    SubElement(
        SubElement(ps7, "MEMORYMAP"), "MEMRANGE", ADDRESSBLOCK="Reg", BASENAME="C_BASEADDR",
        BASEVALUE=f"0x{board.address:08X}", HIGHNAME="C_HIGHADDR", HIGHVALUE=f"0x{board.address + WINDOW - 1:08X}",
        INSTANCE=INSTANCE, IS_DATA="TRUE", IS_INSTRUCTION="TRUE", MASTERBUSINTERFACE="M_AXI_GP0", MEMTYPE="REGISTER",
        SLAVEBUSINTERFACE="S_AXI",
    )  # fmt: skip


def _machine(modules: Element, config: Config, board: Board) -> None:
    module = _module(modules, INSTANCE, "bsff", VLNV, "PERIPHERAL", fabric=True)
    block = SubElement(
        SubElement(module, "ADDRESSBLOCKS"), "ADDRESSBLOCK", ACCESS="", INTERFACE="S_AXI", NAME="Reg", RANGE=str(WINDOW),
        USAGE="register",
    )  # fmt: skip
    registers = SubElement(block, "REGISTERS")
    for register in GLOBAL.values():
        _register(registers, register.name, register.offset, register)
    for number, name in enumerate(geometry(config).predictors):
        for register in BLOCK.values():
            offset = block_offset(number, register.name)
            _register(registers, f"{name.upper()}_{register.name}", offset, register)
    _parameters(
        module,
        {"C_S_AXI_BASEADDR": f"0x{board.address:08X}", "C_S_AXI_HIGHADDR": f"0x{board.address + WINDOW - 1:08X}"},
    )
    SubElement(module, "PORTS")
    SubElement(
        SubElement(module, "BUSINTERFACES"), "BUSINTERFACE", NAME="S_AXI", TYPE="SLAVE",
        VLNV="xilinx.com:interface:aximm:1.0",
    )  # fmt: skip


def _register(registers: Element, name: str, offset: int, register: Register) -> None:
    entry = SubElement(registers, "REGISTER", NAME=name)

    def properties(element: Element, values: dict[str, object]) -> None:
        for key, value in values.items():
            SubElement(element, "PROPERTY", NAME=key, VALUE=str(value))

    access = _ACCESS[register.access]
    properties(
        entry,
        {
            "DESCRIPTION": register.doc or "upper 32 bits", "ADDRESS_OFFSET": f"0x{offset:X}", "SIZE": 32,
            "ACCESS": access, "IS_ENABLED": "true",
        },
    )  # fmt: skip
    fields = SubElement(entry, "FIELDS")
    named = [(f.name.upper(), f.low, f.width, f.doc) for f in register.fields] or [(name, 0, 32, register.doc)]
    for label, low, width, doc in named:
        properties(
            SubElement(fields, "FIELD", NAME=label),
            {"DESCRIPTION": doc, "ADDRESS_OFFSET": low, "BIT_OFFSET": low, "BIT_WIDTH": width, "ACCESS": access},
        )
