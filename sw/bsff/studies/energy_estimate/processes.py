"""Energies of single operations in several processes, as published, and what was made of them."""

from dataclasses import dataclass

from bsff.instruments.energy import SOURCE, Energies


@dataclass(frozen=True)
class Process:
    """A published table."""

    name: str
    energies: Energies
    source: str
    made: str
    """What the table does not hold, and how it was filled."""


# significands of doubles and floats: multipliers grow with their square, adders in proportion
_MULTIPLY, _ADD = (24 / 53) ** 2, 24 / 53
PROCESSES = (
    Process("45 nm (Horowitz)", Energies(), SOURCE, "nothing"),
    Process(
        "40 nm (Aladdin)",
        Energies(
            add_8=0.0857 * 8 / 32,
            add_32=0.0857,
            multiply_8=8.66 * 64 / 1024,
            multiply_32=8.66,
            float_add=7.894,
            float_multiply=25.2,
        ),
        "Y. S. Shao et al., Aladdin, ISCA 2014, its 40 nm library as the tables data/adder.csv, multiplier.csv, fp_sp_adder.csv and "
        "fp_sp_multiplier.csv of github.com/tanner-andrulis/accelergy-aladdin-plug-in hold it (commit 787309f), rows of 4 ns",
        "8 bits from 32: adders in proportion, multipliers by the product of the widths; memories as at 45 nm",
    ),
    Process(
        "28 nm (NVIDIA)",
        Energies(
            add_8=0.4 * 8 / 32,
            add_32=0.4,
            multiply_8=25 * (8 / 53) ** 2,
            multiply_32=25 * (32 / 53) ** 2,
            float_add=15 * _ADD,
            float_multiply=25 * _MULTIPLY,
            memory_64=50 * 64 / 256,
        ),
        "J. Perez-Serrano et al., DNA sequences alignment in multi-GPUs, BMC Bioinformatics 19 (2018) 421, table 7: integer addition 0.4 pJ, "
        "multiplication of doubles 25, multiply-add of doubles 40, 256 bits from an SRAM of 8 KB 50",
        "floats and integers from doubles by their significands of 24, 32, 8 and 53 bits (multiplication by the square, addition in "
        "proportion); the addition is the multiply-add less the multiplication",
    ),
)
"""That all are of chips, none of an FPGA, and none of one with p-bits of magnets."""
HALF_ADD, HALF_MULTIPLY = 0.4 / 0.9, 1.1 / 3.7
"""A half float's addition and multiplication against a float's, in Horowitz' table: 0.4 and 1.1 pJ. Used for all processes."""
LARGE_MEMORY = 10.0
"""A read from 1 MB against one from 8 KB, in Horowitz' table: 100 and 10 pJ for 64 bits."""
