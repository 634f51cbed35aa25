"""The long comparison of RTL and golden model, in small."""

from __future__ import annotations

import pytest
import random_steps

from bsff.errors import BsffError


@pytest.mark.slow
def test_a_piece_is_equal_and_a_difference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    record = random_steps.piece(1, 6, samples=8, states=1)
    assert record["steps"] == 8
    text = random_steps.page([{"piece": 6, "seed": 1, **record}])
    assert "**8 training steps** of 1 random machines" in text
    monkeypatch.setattr(random_steps, "unequal", lambda one, two: ["layer1.weights"])
    with pytest.raises(BsffError, match=r"seed 1, piece 6: RTL and golden model differ in layer1\.weights"):
        random_steps.piece(1, 6, samples=8, states=1)
