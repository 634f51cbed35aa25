"""Clock cycles of a bit."""

from __future__ import annotations

import pytest

from bsff_hw.uart import divisor


@pytest.mark.parametrize(
    ("clock_hz", "baud", "cycles"), [(80e6, 1e6, 80), (25e6, 115_200, 217), (63.5e6, 3e6, 21), (4e6, 1e6, 4)]
)
def test_a_whole_number_of_cycles(clock_hz: float, baud: float, cycles: int) -> None:
    assert divisor(clock_hz, baud) == cycles


@pytest.mark.parametrize(
    ("clock_hz", "baud", "said"),
    [
        (10e6, 3e6, "baud = 3e\\+06 with a clock of 1e\\+07 Hz: 3.3 cycles a bit, expected at least 4; take 2.5e\\+06 baud"),
        (13.5e6, 3e6, "4 cycles a bit are \\+12.5 % off, expected at most 2 %; take 3.375e\\+06 baud, or another clock"),
        (0, 3e6, "expected both above 0"),
    ],
)  # fmt: skip
def test_rates_that_cannot_be_made(clock_hz: float, baud: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        divisor(clock_hz, baud)
