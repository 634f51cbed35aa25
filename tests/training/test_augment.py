"""Shifted and mirrored samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from bsff.config import Config, parse
from bsff.training.augment import Augmentation


def config(**training: Any) -> Config:
    return parse({"layer": [{"channels": 10}], "training": training})


def moved(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """Written again, pixel by pixel."""
    height, width, _ = image.shape
    found = np.empty_like(image)
    for y in range(height):
        for x in range(width):
            found[y, x] = image[min(max(y - down, 0), height - 1), min(max(x - right, 0), width - 1)]
    return found


def test_every_image_is_one_of_those_that_are_allowed(rng: np.random.Generator) -> None:
    images = rng.integers(256, size=(60, 5, 7, 3), dtype=np.uint8)
    before = images.copy()
    seen = set()
    for n, found in enumerate(Augmentation(config(shift=2, flip=True), 3, 60).apply(images, np.arange(60))):
        allowed = {
            (flip, down, right): moved(images[n][:, :: -1 if flip else 1], down, right)
            for flip in (False, True)
            for down in range(-2, 3)
            for right in range(-2, 3)
        }
        own = [change for change, image in allowed.items() if (image == found).all()]
        assert own
        seen |= set(own)
    assert len(seen) > 25  # of 50
    assert (images == before).all()


def test_an_epoch_makes_the_same_again_and_another_does_not(rng: np.random.Generator) -> None:
    images, chosen = rng.integers(256, size=(50, 6, 6, 1), dtype=np.uint8), rng.permutation(50)
    both = config(shift=1, flip=True, seed=5)
    whole = Augmentation(both, 1, 50).apply(images, chosen)
    parts = [Augmentation(both, 1, 50).apply(images, part) for part in np.split(chosen, [7, 30])]
    assert (np.concatenate(parts) == whole).all()
    assert (Augmentation(both, 2, 50).apply(images, chosen) != whole).any()
    assert (Augmentation(config(), 1, 50).apply(images, chosen) == images[chosen]).all()
