"""The table of input encodings: a new one is one entry, for golden model, engine and float reference alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from machines import random_samples, random_state, unequal

from bsff.config import ENCODINGS, Encoding, parse
from bsff.contract.formats import PIXEL_WIDTH
from bsff.contract.geometry import geometry
from bsff.golden import encode, engine, network
from bsff.reference import encode as float_encode

TABLE = {"layer": [{"channels": 10, "kernel": 3}], "data": {"encoding": "bands", "levels": [50, 100, 200]}}


def bands(pixels: Any, keys: Any, drawn: Any) -> list[Any]:
    """1 in the band between two levels, and beside it a coin."""
    return [(pixels >= keys.levels[0]) & (pixels < keys.levels[1]), drawn < 128]


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENCODINGS, "bands", Encoding("bands", planes=lambda keys: 2, bits=bands, random=True))


@pytest.mark.usefixtures("added")
def test_one_entry_adds_an_encoding(rng: np.random.Generator) -> None:
    config = parse(TABLE)
    shape = geometry(config)
    assert shape.encoded == (8, 8, 2)
    state = random_state(shape, rng)
    pixels, labels = random_samples(shape, rng, 40)
    plain, fast = state.copy(), state.copy()
    network.run(config, shape, plain, pixels, labels)
    engine.run(config, shape, fast, pixels, labels)
    assert unequal(plain, fast) == []
    assert plain.encoder != state.encoder
    bits, _ = encode.encode(pixels[0], config.data, state.encoder)
    floats = float_encode(torch.from_numpy(pixels[:1]), config.data, torch.Generator())
    assert np.array_equal(bits[..., 0], (pixels[0, ..., 0] >= 50) & (pixels[0, ..., 0] < 100))
    assert np.array_equal(floats[0, 0].numpy(), bits[..., 0])
    assert set(np.unique(bits[..., 1])) == {0, 1}


@pytest.mark.parametrize("name", ENCODINGS)
def test_planes_are_as_many_as_are_made_of_pixels_of_8_bits(name: str) -> None:
    levels = [77] if ENCODINGS[name].single_level else [77, 140]
    data = parse({**TABLE, "data": {"encoding": name, "levels": levels, "planes": 3}}).data
    pixels = np.arange(2**PIXEL_WIDTH, dtype=np.uint8)
    made = ENCODINGS[name].bits(pixels, data, np.full(256, 254) if ENCODINGS[name].random else None)
    assert len(made) == ENCODINGS[name].planes(data)
    assert all(int(plane[0]) == 0 for plane in made)  # a black pixel has no bit
    assert int(made[0][-1]) == 1
