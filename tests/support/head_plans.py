"""Plans of heads on small maps."""

from __future__ import annotations

from typing import Any

from hw_helpers import plan_of

from bsff_hw.plan import HeadPlan


def head_plan(layer: dict[str, Any], pixels: tuple[int, int, int], classes: int = 10, **head: Any) -> HeadPlan:
    first = {"channels": classes, "kernel": 1, "padding": 0, **layer}
    plan = plan_of(first, pixels=pixels, classes=classes, head=head).head
    assert plan is not None
    return plan


PLANS = {
    "one beat": head_plan({"tiles": 10}, (2, 3, 1)),
    "one beat, pool": head_plan({"tiles": 10, "tile": 2}, (3, 4, 1), pool=2),
    "two beats_of, pool": head_plan({"tiles": 5}, (3, 3, 1), pool=2, weight_bits=8, fraction_bits=4),
    "a channel a beat, pool": head_plan({"tiles": 1, "tile": 3}, (4, 5, 1), pool=2),
    "counts": head_plan({"tiles": 5, "tile": 3}, (2, 2, 1), weight_bits=18, fraction_bits=16),
    "one position": head_plan({"tiles": 2}, (1, 1, 1), pool=2),
    "many channels": head_plan({"channels": 30, "tiles": 30}, (1, 2, 1)),
    "two classes": head_plan({"tiles": 2}, (2, 3, 1), 2),
    "33 classes, one row": head_plan({"tiles": 11, "tile": 2}, (1, 5, 1), 33, pool=2),
}
