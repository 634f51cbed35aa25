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


def sources_plan(layers: list[dict[str, Any]], sources: list[int], **head: Any) -> HeadPlan:
    """A head on several maps of 4x5 positions."""
    table = [{"kernel": 3, "lanes": layer["channels"], **layer} for layer in layers]
    plan = plan_of(*table, pixels=(4, 5, 1), head={"layers": sources, **head}).head
    assert plan is not None
    return plan


PLANS = {
    "one beat": head_plan({"tiles": 10}, (2, 3, 1)),
    "one beat, pool": head_plan({"tiles": 10, "tile": 2}, (3, 4, 1), pool=2),
    "two beats_of, pool": head_plan({"tiles": 5}, (3, 3, 1), pool=2, weight_bits=8, fraction_bits=4),
    "a channel a beat, pool": head_plan({"tiles": 1, "tile": 3}, (4, 5, 1), pool=2),
    "counts": head_plan({"tiles": 5, "tile": 3}, (2, 2, 1), weight_bits=18, fraction_bits=16),
    "one position": head_plan({"tiles": 2}, (1, 1, 1), pool=2),
    "pool by four": head_plan({"tiles": 5}, (9, 6, 1), pool=4),
    "sum": head_plan({"tiles": 5}, (3, 5, 1), pool=2, pooling="sum"),
    "sum of counts, one row": head_plan({"tiles": 2, "tile": 3}, (1, 6, 1), pool=4, pooling="sum"),
    "many channels": head_plan({"channels": 30, "tiles": 30}, (1, 2, 1)),
    "two classes": head_plan({"tiles": 2}, (2, 3, 1), 2),
    "33 classes, one row": head_plan({"tiles": 11, "tile": 2}, (1, 5, 1), 33, pool=2),
}
PLANS |= {
    "two maps": sources_plan([{"channels": 10, "tiles": 5}, {"channels": 20, "tiles": 2}], [1, 2], pool=[2, 1]),
    "three maps, sums": sources_plan(
        [
            {"channels": 10, "tiles": 10, "tile": 2},
            {"channels": 20, "tiles": 4},
            {"channels": 10, "tiles": 1, "tile": 3},
        ],
        [1, 2, 3],
        pool=[4, 2, 2],
        pooling="sum",
    ),
    "not the last": sources_plan([{"channels": 10, "tiles": 5}, {"channels": 10, "tiles": 1}], [1]),
}
