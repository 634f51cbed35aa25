"""Words to bytes, and the checksum of a frame."""

from __future__ import annotations

from typing import Any

import pytest
from hw_helpers import receive, simulate
from seeds import rng_for

from bsff.contract.serial import checksum
from bsff_hw.uart.words import Words


@pytest.mark.parametrize("idle", [0.0, 0.7])
def test_frames_with_and_without_a_checksum(idle: float, seed: int) -> None:
    rng, dut = rng_for("words", seed), Words()
    frames = [(rng.bytes(4 * int(rng.integers(0, 5))), bool(rng.integers(2))) for _ in range(20)]
    expected = b"".join(data + (checksum(data) if checked else b"") for data, checked in frames)

    async def give(context: Any) -> None:
        for data, checked in frames:
            words = [int.from_bytes(data[i : i + 4], "big") for i in range(0, len(data), 4)] + [0] * checked
            for place, word in enumerate(words):
                context.set(dut.begin, place == 0)
                context.set(dut.checksum, checked and place == len(words) - 1)
                context.set(dut.input.payload, word)
                context.set(dut.input.valid, 1)
                await context.tick().until(dut.input.ready)
                context.set(dut.input.valid, 0)

    async def take(context: Any) -> None:
        assert bytes(await receive(context, dut.output, len(expected), rng, idle)) == expected

    simulate(dut, give, take)
