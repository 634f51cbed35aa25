"""Small arithmetic, every value of small widths."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from amaranth.hdl import Signal, signed
from hw_helpers import evaluate

from bsff.golden.update import half_up as half_up_model
from bsff_hw.parts.arithmetic import all_of, any_of, approached, fits, half_up, saturate, several, total, unary

BYTES = range(-128, 128)


@pytest.mark.parametrize("shift", [1, 2, 5, 8])
def test_half_up(shift: int) -> None:
    value = Signal(signed(8))
    expected = half_up_model(np.array(BYTES), shift).tolist()
    assert evaluate(half_up(value, shift), [value], [[v] for v in BYTES]) == expected


@pytest.mark.parametrize("shift", [1, 3, 7])
@pytest.mark.parametrize("is_signed", [False, True])
def test_approached(shift: int, is_signed: bool) -> None:
    """A value moved by a rounded share of a difference, each of every sign and at its ends."""
    value, difference = Signal(signed(5) if is_signed else 5), Signal(signed(8))
    cases = [[v, d] for v in (range(-16, 16) if is_signed else range(32)) for d in BYTES]
    expected = [v + int(half_up_model(np.array(d), shift)) for v, d in cases]
    assert evaluate(approached(value, difference, shift), [value, difference], cases) == expected


@pytest.mark.parametrize("width", [1, 2, 4, 7, 8])
def test_saturate(width: int) -> None:
    value = Signal(signed(8))
    low, high = -(2 ** (width - 1)), 2 ** (width - 1) - 1
    held = saturate(value, width)
    assert len(held) == width
    assert evaluate(held, [value], [[v] for v in BYTES]) == np.clip(BYTES, low, high).tolist()
    assert evaluate(fits(value, width), [value], [[v] for v in BYTES]) == [int(low <= v <= high) for v in BYTES]


@pytest.mark.parametrize("count", range(1, 8))
def test_counts_of_bits(count: int) -> None:
    bits = [Signal(name=f"bit{i}") for i in range(count)]
    cases = list(itertools.product((0, 1), repeat=count))
    assert evaluate(total(bits), bits, cases) == [sum(c) for c in cases]
    assert evaluate(any_of(bits), bits, cases) == [int(any(c)) for c in cases]
    assert evaluate(all_of(bits), bits, cases) == [int(all(c)) for c in cases]
    for i, bit in enumerate(unary(bits)):
        assert evaluate(bit, bits, cases) == [int(sum(c) > i) for c in cases]


@pytest.mark.parametrize("count", range(1, 9))
def test_several(count: int) -> None:
    bits = [Signal(name=f"bit{i}") for i in range(count)]
    cases = list(itertools.product((0, 1), repeat=count))
    assert evaluate(several(bits), bits, cases) == [int(sum(c) > 1) for c in cases]


def test_of_nothing() -> None:
    assert evaluate(several([]), [], [[]]) == [0]
    assert evaluate(total([]), [], [[]]) == evaluate(any_of([]), [], [[]]) == [0]
    assert evaluate(all_of([]), [], [[]]) == [1]


@pytest.mark.parametrize("count", [2, 3, 5, 6])
def test_total_is_as_wide_as_it_needs_to_be(count: int) -> None:
    values = [Signal(signed(3), name=f"value{i}") for i in range(count)]
    cases = [[-4] * count, [3] * count, [-4 if i % 2 else 3 for i in range(count)]]
    assert evaluate(total(values), values, cases) == [sum(c) for c in cases]
