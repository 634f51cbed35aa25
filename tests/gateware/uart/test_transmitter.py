"""Bytes to bits, without a pause between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hw_helpers import refusal, send, simulate
from seeds import rng_for
from serial_board import BITS, Ear, levels

from bsff_hw.uart.transmitter import Transmitter


def say(cycles: int, data: bytes, seed: int, idle: float) -> np.ndarray:
    """The line from the first cycle on, until the last byte is over."""
    dut, line = Transmitter(cycles), []

    async def listen(context: Any) -> None:
        while True:
            line.append(context.get(dut.line))
            await context.tick()

    async def bench(context: Any) -> None:
        await send(context, dut.input, data, rng_for("transmitter", seed), idle)
        await context.tick().repeat(BITS * cycles)

    simulate(dut, bench, background=[listen])
    return np.array(line, np.uint8)


@pytest.mark.parametrize("cycles", [4, 9])
def test_bytes_follow_each_other_without_a_pause(cycles: int, seed: int) -> None:
    data, rng = rng_for("data", seed).bytes(30), np.random.default_rng(0)
    line = say(cycles, data, seed, 0.0)
    expected = levels(data, cycles, rng)
    assert line[0] == 1
    assert np.array_equal(
        line[1 : 1 + len(expected)], expected
    )  # the start bit begins in the cycle after the byte was taken


def test_pauses(seed: int) -> None:
    data = rng_for("data", seed).bytes(20)
    assert Ear(5).hear(np.append(say(5, data, seed, 0.97), [1] * 50).astype(np.uint8)) == data


def test_a_bit_of_three_cycles_is_refused() -> None:
    assert refusal(Transmitter, 3) == "cycles = 3: expected at least 4 a bit"
