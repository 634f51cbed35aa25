"""Small arithmetic that several components share."""

from collections.abc import Sequence

from amaranth.hdl import Array, Cat, Const, Mux, Value


def total(values: Sequence[Value]) -> Value:
    """The sum as a balanced tree, as wide as it needs to be."""
    values = list(values)
    if not values:
        return Const(0, 1)
    while len(values) > 1:
        pairs = [a + b for a, b in zip(values[::2], values[1::2], strict=False)]
        values = pairs + ([values[-1]] if len(values) % 2 else [])
    return values[0]


def unary(bits: Sequence[Value]) -> list[Value]:
    """The number of ones in unary: element i is 1 where more than i bits are."""
    if len(bits) == 1:
        return [bits[0]]
    count = total(bits)
    return [count > i for i in range(len(bits))]


def any_of(bits: Sequence[Value]) -> Value:
    """OR of all."""
    result: Value = Const(0, 1)
    for bit in bits:
        result = result | bit
    return result


def several(bits: Sequence[Value]) -> Value:
    """Whether more than one bit is 1, as a tree: a carry chain would be shallower in area, and slower."""
    pairs = [(bit, Const(0, 1)) for bit in bits] or [(Const(0, 1), Const(0, 1))]
    while len(pairs) > 1:
        merged = [
            (any_left | any_right, many_left | many_right | (any_left & any_right))
            for (any_left, many_left), (any_right, many_right) in zip(pairs[::2], pairs[1::2], strict=False)
        ]
        pairs = merged + ([pairs[-1]] if len(pairs) % 2 else [])
    return pairs[0][1]


def all_of(bits: Sequence[Value]) -> Value:
    """AND of all."""
    result: Value = Const(1, 1)
    for bit in bits:
        result = result & bit
    return result


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
