"""A product whose multiplier stands between registers: its own, where a device has such multipliers."""

from typing import Any

from amaranth.hdl import ClockSignal, Const, Instance, Module, Shape, Signal, Value, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .arithmetic import total

FACTOR = 18
"""Bits that a side of a MULT18X18D takes, signed or not."""
WORD = 2 * FACTOR


class Product(wiring.Component):
    """Multiply two numbers, a pair a cycle.

    Parameters
    ----------
    left, right : shape-like
        Signed or not.

    Members
    -------
    left, right : In
    product : Out
        `LATENCY` cycles later. Where a factor is wider than a multiplier takes, this is a sum of several products that come from
        registers, so a register should follow.

    Notes
    -----
    A register lies before the multiplier and one behind it. yosys takes both into a DSP48E1; it does not for an ECP5, where half
    of the time of a product would be the way to its multiplier and back, so there the blocks are made here (FPGA-TN-02205, input
    and output registers of a MULT18X18D). `tests/gateware/parts/test_product.py` compares the two forms.
    """

    LATENCY = 2

    def __init__(self, left: Any, right: Any) -> None:
        self._left, self._right = Shape.cast(left), Shape.cast(right)
        width = self._left.width + self._right.width
        self._shape = signed(width) if self._left.signed or self._right.signed else unsigned(width)
        super().__init__({"left": In(self._left), "right": In(self._right), "product": Out(self._shape)})

    def elaborate(self, platform) -> Module:
        m = Module()
        if getattr(platform, "mult18", False):
            m.d.comb += self.product.eq(
                total(
                    [
                        self._multiplier(m, f"{i}_{j}", left, right) << (i + j)
                        for i, left in _pieces(self.left)
                        for j, right in _pieces(self.right)
                    ]
                )
            )
            return m
        left, right = (Signal(shape, name=name) for shape, name in ((self._left, "left_in"), (self._right, "right_in")))
        result = Signal(self._shape)
        m.d.sync += [left.eq(self.left), right.eq(self.right), result.eq(left * right)]
        m.d.comb += self.product.eq(result)
        return m

    def _multiplier(self, m: Module, name: str, left: Value, right: Value) -> Value:
        """One block: two pieces of the factors, each as wide as a side."""
        signs = (left.shape().signed, right.shape().signed)
        word = Signal(signed(WORD) if any(signs) else unsigned(WORD), name=f"word{name}")
        factors = {}
        for side, value in (("A", left), ("B", right)):
            wide = Signal(Shape(FACTOR, signed=value.shape().signed), name=f"{side}{name}")
            m.d.comb += wide.eq(value)
            factors[side] = wide
        m.submodules[f"multiplier{name}"] = Instance(
            "MULT18X18D",
            *(("p", f"REG_{register}_CLK", "CLK0") for register in ("INPUTA", "INPUTB", "OUTPUT")),
            ("i", "CLK0", ClockSignal()),
            ("i", "CE0", Const(1, 1)),
            ("i", "RST0", Const(0, 1)),
            *(("i", f"SIGNED{side}", Const(sign, 1)) for side, sign in zip("AB", signs, strict=True)),
            *(("i", f"SOURCE{side}", Const(0, 1)) for side in "AB"),
            *(("i", f"{side}{bit}", wide[bit]) for side, wide in factors.items() for bit in range(FACTOR)),
            *(("i", f"C{bit}", Const(0, 1)) for bit in range(FACTOR)),
            *(("o", f"P{bit}", word[bit]) for bit in range(WORD)),
        )
        return word


def _pieces(value: Value) -> list[tuple[int, Value]]:
    """A factor in pieces that a multiplier takes: each with the place of its lowest bit, the uppermost with the sign."""
    width, sign = len(value), value.shape().signed
    starts = range(0, width, FACTOR)
    return [
        (start, piece.as_signed() if sign and start == starts[-1] else piece)
        for start in starts
        for piece in [value[start : start + FACTOR]]
    ]
