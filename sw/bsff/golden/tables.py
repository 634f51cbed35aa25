"""Read-only tables of the machine: logistic noise, powers and logarithms of two.

They are computed with `decimal`, whose logarithm and power are correctly rounded, so no table entry depends on a
platform's floating-point library.
"""

import functools
from decimal import ROUND_HALF_EVEN, Context, Decimal

import numpy as np
from numpy.typing import NDArray

from bsff.contract.formats import EXP_BITS, EXP_ONE, NOISE_BITS, NOISE_SCALE_BITS

_EXACT = Context(prec=40)


def _round(value: Decimal) -> int:
    return int(value.to_integral_value(rounding=ROUND_HALF_EVEN))


@functools.cache
def noise_table(fraction_bits: int, scale: int = 2**NOISE_SCALE_BITS) -> NDArray[np.int32]:
    """Quantiles of the logistic distribution.

    Entry i is ``s ln(u / (1 - u))`` at ``u = (i + 1/2) / 2**NOISE_BITS``, in units of ``2**-fraction_bits``; `scale` is s in
    units of ``2**-NOISE_SCALE_BITS``. With a uniform index and s = 1, ``P(a + noise > 0)`` is the sigmoid of a less half a
    unit, to within half of ``2**-NOISE_BITS``; from the sigmoid of a itself it is at most
    ``2**-(NOISE_BITS + 1) + 2**-(fraction_bits + 3)`` away, 0.001 with 8 bits.
    The table is antisymmetric, so a ROM needs only its upper half.
    """
    size = 2**NOISE_BITS
    unit = _EXACT.divide(Decimal(2**fraction_bits * scale), Decimal(2**NOISE_SCALE_BITS))
    upper = [
        _round(_EXACT.ln(_EXACT.divide(Decimal(2 * i + 1), Decimal(2 * (size - i) - 1))) * unit)
        for i in range(size // 2, size)
    ]
    table = np.array([-v for v in reversed(upper)] + upper, np.int32)
    table.flags.writeable = False
    return table


@functools.cache
def exp2_table() -> NDArray[np.int64]:
    """Entry i is ``2**(-i / 2**EXP_BITS)`` in units of ``2**-EXP_ONE``."""
    size = 2**EXP_BITS
    table = np.array(
        [_round(_EXACT.power(Decimal(2), _EXACT.divide(Decimal(-i), Decimal(size))) * 2**EXP_ONE) for i in range(size)],
        np.int64,
    )
    table.flags.writeable = False
    return table


@functools.cache
def log2_table() -> NDArray[np.int64]:
    """Entry i is ``log2(1 + i / 2**EXP_BITS)`` in units of ``2**-EXP_BITS``."""
    size = 2**EXP_BITS
    two = _EXACT.ln(Decimal(2))
    table = np.array(
        [
            _round(_EXACT.divide(_EXACT.ln(_EXACT.divide(Decimal(size + i), Decimal(size))), two) * size)
            for i in range(size)
        ],
        np.int64,
    )
    table.flags.writeable = False
    return table
