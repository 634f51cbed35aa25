"""Bits to bytes: rates that are off, edges that jitter, noise, and a line that is held low."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import refusal, simulate
from seeds import rng_for
from serial_board import BITS, Levels, levels

from bsff_hw.uart.receiver import Receiver


def hear(cycles: int, line: Levels) -> tuple[bytes, int, list[int]]:
    """What the receiver makes of a line: bytes, broken ones, and the cycles in which bytes were shown."""
    dut, heard, shown, broken = Receiver(cycles), bytearray(), [], 0

    async def bench(context: Any) -> None:
        nonlocal broken
        for cycle, level in enumerate([*line, *[1] * 3 * cycles]):
            context.set(dut.line, int(level))
            if context.get(dut.valid):
                heard.append(context.get(dut.byte))
                shown.append(cycle)
            broken += context.get(dut.broken)
            await context.tick()

    simulate(dut, bench)
    return bytes(heard), broken, shown


@pytest.mark.parametrize(("cycles", "drift", "edges"), [(4, 0.01, 0), (8, 0.02, 1), (13, 0.025, 1), (27, 0.03, 3)])
def test_bytes_at_rates_that_are_off(cycles: int, drift: float, edges: int, seed: int) -> None:
    rng = rng_for(f"receiver {cycles}", seed)
    data = rng.bytes(100)
    heard, broken, _ = hear(cycles, levels(data, cycles, rng, drift=drift, edges=edges))
    assert (heard, broken) == (data, 0)


@pytest.mark.parametrize("cycles", [4, 8, 16])
def test_latency(cycles: int) -> None:
    _, _, shown = hear(cycles, levels(b"\xa5", cycles, np.random.default_rng(0)))
    assert shown == [9 * cycles + cycles // 2 + max(1, cycles // 8) + 4 - 1]


def test_a_stop_bit_may_be_half(seed: int) -> None:
    rng = rng_for("short stop bits", seed)
    data, cycles = rng.bytes(20), 8
    parts = [levels(bytes([byte]), cycles, rng)[: -cycles // 2 + 3] for byte in data]
    heard, broken, _ = hear(cycles, np.concatenate(parts))
    assert (heard, broken) == (data, 0)


def test_noise_shorter_than_an_eighth_is_not_seen(seed: int) -> None:
    rng, cycles = rng_for("glitches", seed), 16
    data = rng.bytes(60)
    line = np.concatenate([np.ones(50, np.uint8), levels(data, cycles, rng)])
    for bit in range(len(line) // cycles):  # one a bit, anywhere but at the edge that begins a byte
        place = bit * cycles + int(rng.integers(2, cycles - 2))
        line[place] ^= 1
    line = np.concatenate([[1, 1, 0, 1, 1, 1], line])
    heard, broken, _ = hear(cycles, line)
    assert (heard, broken) == (data, 0)


def test_a_line_held_low_is_one_error_and_no_byte() -> None:
    cycles, rng = 8, np.random.default_rng(0)
    low, high = np.zeros(5 * BITS * cycles, np.uint8), np.ones(2 * cycles, np.uint8)
    heard, broken, _ = hear(cycles, np.concatenate([high, low, high, levels(b"\x3c", cycles, rng)]))
    assert (heard, broken) == (b"\x3c", 1)


def test_a_bit_of_three_cycles_is_refused() -> None:
    assert refusal(Receiver, 3) == "cycles = 3: expected at least 4 a bit"
