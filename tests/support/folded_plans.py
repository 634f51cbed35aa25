"""Plans of every way in which a layer is folded, and where its channels lie then."""

from hw_helpers import layer_plan

from bsff_hw.plan import LayerPlan

ONE = {"channels": 20, "kernel": 1, "padding": 0}
PLANS = {
    "one fold": layer_plan({**ONE, "kernel": 2, "banks": 3}, pixels=(3, 3, 1)),
    "inner folds": layer_plan({**ONE, "channels": 30, "lanes": 6, "tiles": 3, "update_lanes": 2}, pixels=(2, 2, 1)),
    "groups in turn": layer_plan(ONE, {**ONE, "groups": 10, "banks": 3, "kernel": 2}, pixels=(2, 2, 1)),
    "groups in pairs": layer_plan(ONE, {**ONE, "channels": 40, "groups": 10, "lanes": 8, "tiles": 2}, pixels=(2, 2, 1)),
    "inner folds of groups": layer_plan(ONE, {**ONE, "channels": 40, "groups": 10, "lanes": 2}, pixels=(2, 2, 1)),
}


def lane_of(plan: LayerPlan, channel: int) -> tuple[int, int, int, int]:
    """Fold, part, step and lane of a channel."""
    group, column = divmod(channel, plan.shape.group_channels)
    turn, part = divmod(group, plan.parts)
    inner, lane = divmod(column, plan.row_lanes)
    return turn * plan.inner + inner, part, lane // plan.update_lanes, lane % plan.update_lanes
