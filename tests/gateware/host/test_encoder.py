"""Pixels become bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Value
from hw_helpers import load_generator, pack, send, simulate

from bsff.config import DataConfig
from bsff.golden import encode
from bsff_hw.host.encoder import Encoder

CONFIGS = {
    "threshold": DataConfig(encoding="threshold", levels=(77,)),
    "thermometer": DataConfig(encoding="thermometer", levels=(1, 100, 255)),
    "bitplanes": DataConfig(encoding="bitplanes", planes=3),
    "all bitplanes": DataConfig(encoding="bitplanes", planes=8),
    "bernoulli": DataConfig(encoding="bernoulli"),
}


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("pixels", [10, 4, 1, 256])
def test_encoder(name: str, pixels: int, seed: int) -> None:
    config = CONFIGS[name]
    rng = np.random.default_rng([seed, pixels])
    dut = Encoder(config, pixels)
    every = np.arange(256) if pixels == 256 else rng.integers(0, 256, pixels)  # each value once, or some
    samples = [rng.permutation(every).reshape(1, pixels, 1).astype(np.uint8) for _ in range(3 if pixels < 256 else 1)]
    samples.append(np.full((1, pixels, 1), 255, np.uint8))
    state = int(rng.integers(1, 2**63))
    stream = np.array(state, np.uint64)
    expected = []
    for number, sample in enumerate(samples):
        bits, stream = encode.encode(sample, config, stream)
        expected += [pack(b, 1) | number << bits.size // pixels for b in bits.reshape(pixels, -1)]

    async def feed(context: Any) -> None:
        await load_generator(context, dut.generator, state)
        for number, sample in enumerate(samples):
            await send(context, dut.input, [int(p) | number << 8 for p in sample.ravel()], rng, 0.3)

    async def take(context: Any) -> None:
        seen = []
        while len(seen) < len(expected):
            context.set(dut.output.ready, bool(rng.random() < 0.7))
            *_, valid, ready, word = await context.tick().sample(
                dut.output.valid, dut.output.ready, Value.cast(dut.output.payload)
            )
            seen += [word] * (valid & ready)
        assert seen == expected
        assert context.get(dut.generator.state) == stream

    simulate(dut, feed, take)
