"""Energies of single operations, as published, and how they are carried to other widths."""

import math
from dataclasses import dataclass

SOURCE = "M. Horowitz, Computing's energy problem, ISSCC 2014: 45 nm, 0.9 V"
"""Every figure below is of this one table, so ratios compare like with like. They are those of an ASIC, not of an FPGA."""


@dataclass(frozen=True)
class Energies:
    """Picojoules."""

    add_8: float = 0.03
    add_32: float = 0.1
    """`add_8` and `add_32`: integer additions of 8 and 32 bits."""
    multiply_8: float = 0.2
    multiply_32: float = 3.1
    """`multiply_8` and `multiply_32`: integer multiplications."""
    float_add: float = 0.9
    float_multiply: float = 3.7
    """`float_add` and `float_multiply`: operations on floats of 32 bits."""
    memory_64: float = 10.0
    """A read of 64 bits from a cache of 8 KB (the paper's table as PMC8934428, table 3, quotes it); a write is taken to
    cost as much."""

    def add(self, bits: int) -> float:
        """Of an integer addition: linear in the width, through the two published points.

        Parameters
        ----------
        bits : int
            1 to 64.
        """
        slope = (self.add_32 - self.add_8) / 24
        return self.add_8 + slope * (bits - 8)

    def multiply(self, bits: int, others: int) -> float:
        """Of an integer multiplication: a power of the product of the widths, through the two published points."""
        exponent = math.log(self.multiply_32 / self.multiply_8) / math.log(32 * 32 / 64)
        return self.multiply_8 * math.pow(bits * others / 64, exponent)

    def memory(self, bits: float) -> float:
        """Of reading or writing so many bits beside each other."""
        return self.memory_64 * bits / 64
