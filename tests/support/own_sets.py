"""Small sets of samples with classes that can be learnt, made from a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Set = tuple[NDArray[np.uint8], NDArray[np.int64]]


def pictures(classes: int, count: int, shape: tuple[int, int, int], rng: np.random.Generator, noise: float = 30) -> Set:
    """Each class a random picture of blocks; a sample is its picture with noise."""
    height, width, colours = shape
    coarse = rng.integers(0, 2, (classes, -(-height // 4), -(-width // 4), colours)) * 200 + 20
    whole = coarse.repeat(4, 1).repeat(4, 2)[:, :height, :width]
    labels = np.resize(np.arange(classes), count)
    noisy = whole[labels] + rng.normal(0, noise, (count, *shape))
    return noisy.clip(0, 255).astype(np.uint8), labels


def signals(classes: int, count: int, length: int, rng: np.random.Generator) -> Set:
    """Each class a wave of its own frequency and shape, at any phase; shape (count, 1, length, 2)."""
    labels = np.resize(np.arange(classes), count)
    phase = rng.uniform(0, 2 * np.pi, (count, 1))
    time = np.linspace(0, 2 * np.pi, length)[None]
    angle = (2 + 2 * labels[:, None]) * time + phase
    waves = np.stack([np.sin(angle), np.sign(np.cos(angle))], -1)
    noisy = 128 + 80 * waves + rng.normal(0, 25, waves.shape)
    return noisy.clip(0, 255).astype(np.uint8)[:, None], labels
