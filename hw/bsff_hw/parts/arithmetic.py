"""Small arithmetic that several components share."""

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

from amaranth.hdl import Array, Cat, Const, Mux, Value


def _tree(values: Sequence[Any], join: Callable[[Any, Any], Any]) -> Any:
    """Join neighbours until one value is left, in a balanced tree."""
    values = list(values)
    while len(values) > 1:
        values = [join(*pair) for pair in zip(values[::2], values[1::2], strict=False)] + values[len(values) // 2 * 2 :]
    return values[0]


def total(values: Sequence[Value]) -> Value:
    """The sum as a balanced tree, as wide as it needs to be."""
    return _tree(values or [Const(0, 1)], operator.add)


def unary(bits: Sequence[Value]) -> list[Value]:
    """The number of ones in unary: element i is 1 where more than i bits are."""
    if len(bits) == 1:
        return [bits[0]]
    count = total(bits)
    return [count > i for i in range(len(bits))]


def any_of(bits: Sequence[Value]) -> Value:
    """OR of all."""
    return functools.reduce(operator.or_, bits, Const(0, 1))


def all_of(bits: Sequence[Value]) -> Value:
    """AND of all."""
    return functools.reduce(operator.and_, bits, Const(1, 1))


def several(bits: Sequence[Value]) -> Value:
    """Whether more than one bit is 1, as a tree: a carry chain would be smaller, and slower."""
    pairs = [(bit, Const(0, 1)) for bit in bits] or [(Const(0, 1), Const(0, 1))]
    return _tree(pairs, lambda left, right: (left[0] | right[0], left[1] | right[1] | (left[0] & right[0])))[1]


def half_up(value: Value, shift: int) -> Value:
    """``value / 2**shift`` rounded to the nearest, halves up; model: `bsff.golden.update.half_up`."""
    return (value + (1 << (shift - 1))) >> shift


def approached(value: Value, difference: Value, shift: int) -> Value:
    """``value + half_up(difference, shift)`` with one adder: value and rounding stand side by side."""
    beside = Cat(Const(1 << (shift - 1), shift), value)
    return ((beside.as_signed() if value.shape().signed else beside) + difference) >> shift


def fits(value: Value, width: int) -> Value:
    """Whether a signed value lies within `width` bits: those above are copies of its sign."""
    above = value[width - 1 :]
    return above.all() | ~above.any()


def saturate(value: Value, width: int) -> Value:
    """A signed value, of at least `width` bits, held within `width` bits."""
    sign = value[-1]
    limit = Cat((~sign).replicate(width - 1), sign)
    return Mux(fits(value, width), value[:width], limit).as_signed()


def restarted(added: Value, first: Value, sum_so_far: Value) -> Value:
    """A running sum that begins anew with `first`.

    The addend comes first: a carry chain takes its first operand past the LUT, and the gate then costs none of its own.
    """
    return added + Mux(first, 0, sum_so_far)


def pick(words: Value, count: int, index: Value) -> Value:
    """Word `index` of `count` equal words side by side, as a multiplexer: cheaper than a register that shifts and loads."""
    width = len(words) // count
    return Array(words[i * width : (i + 1) * width] for i in range(count))[index]
