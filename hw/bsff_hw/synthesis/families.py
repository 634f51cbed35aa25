"""Families of FPGAs: how yosys synthesises for one, and what each of its primitives takes of a device."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """What the targets of a family share."""

    synthesis: str
    """Command of yosys; ``{top}`` is the top module."""
    columns: tuple[str, ...]
    """Resources, in the order in which they are shown."""
    cells: Mapping[str, Mapping[str, float]]
    """Mapping of str to mapping. What one primitive takes, by resource. A primitive that takes nothing has an empty
    entry, so that one that this table does not know is noticed."""
    prepare: tuple[str, ...] = ()
    """Commands of yosys before that one."""
    learns: str = ""
    """The command whose netlist a simulator runs, where `synthesis` counts best but makes a wrong one; else empty."""


def _lutram(luts: int) -> dict[str, float]:
    return {"LUT": luts, "LUTRAM": luts}


_XC7: dict[str, dict[str, float]] = {
    **{f"LUT{inputs}": {"LUT": 1} for inputs in range(1, 7)},
    # Often free (a programmable inversion at a pin), but nobody here can tell.
    "INV": {"LUT": 1},
    "RAM32M": _lutram(4),
    "RAM64M": _lutram(4),
    "RAM32X1D": _lutram(2),
    "RAM64X1D": _lutram(2),
    "RAM128X1D": _lutram(4),
    "RAM256X1D": _lutram(8),
    "RAM32X1S": _lutram(1),
    "RAM64X1S": _lutram(1),
    "RAM128X1S": _lutram(2),
    "RAM256X1S": _lutram(4),
    "RAM512X1S": _lutram(8),
    "SRL16E": _lutram(1),
    "SRLC16E": _lutram(1),
    "SRLC32E": _lutram(1),
    **{name: {"FF": 1} for name in ("FDRE", "FDSE", "FDCE", "FDPE", "FDRE_1", "FDSE_1", "FDCE_1", "FDPE_1")},
    "RAMB36E1": {"BRAM36": 1},
    "RAMB18E1": {"BRAM36": 0.5},
    "DSP48E1": {"DSP": 1},
    "CARRY4": {"CARRY4": 1},
    **{name: {} for name in ("MUXF7", "MUXF8", "BUFG", "IBUF", "OBUF", "GND", "VCC")},
}
_ECP5: dict[str, dict[str, float]] = {
    "LUT4": {"LUT": 1},
    "CCU2C": {"LUT": 2, "CCU2C": 1},
    "TRELLIS_DPR16X4": _lutram(4),
    "TRELLIS_FF": {"FF": 1},
    "DP16KD": {"DP16KD": 1},
    "PDPW16KD": {"DP16KD": 1},
    "MULT18X18D": {"MULT18": 1},
    "ALU54B": {},
    **{name: {} for name in ("PFUMX", "L6MUX21", "GND", "VCC", "TRELLIS_IO", "DCCA")},
}

FAMILIES = {
    "xc7": Family(
        # Without pads: the ports are inside the chip. ABC9 is what synth_xilinx uses for this family with or
        # without -abc9 (0.70: the same netlist).
        # Multiplexers of ten and more use the slices' own (MUXF7, MUXF8), as the vendor's tool does.
        synthesis="synth_xilinx -family xc7 -top {top} -flatten -noiopad -noclkbuf -widemux 10",
        columns=("LUT", "LUTRAM", "FF", "BRAM36", "DSP", "CARRY4"),
        cells=_XC7,
        # Those multiplexers are where yosys 0.70 goes wrong: with -widemux the machine reads wrong registers
        # (docs/decisions/055-the-netlist-learns.md). For counts that is of no weight, and openXC7 builds without.
        learns="synth_xilinx -family xc7 -top {top} -flatten -noiopad -noclkbuf",
    ),
    "ecp5": Family(
        synthesis="synth_ecp5 -top {top}",
        columns=("LUT", "LUTRAM", "FF", "DP16KD", "MULT18", "CCU2C"),
        cells=_ECP5,
        # `bsff_hw.parts.ram` weighs LUTs against block RAM as the xc7z020 has them; here a LUT memory is 16 words deep
        # and block RAM is plentiful.
        #
        # yosys reads a module again once it knows a primitive that stood in it (`parts.product`): the text of the top module, whose
        # parts are flattened by then. It has the ports already.
        prepare=(
            "setattr -unset ram_style a:ram_style=distributed",
            "setattr -unset reprocess_after a:reprocess_after",
        ),
    ),
}
"""Families, by the name that a `bsff_hw.targets.Target` gives."""
