"""The scan of a layer's channels, in every coordinate that a memory uses."""

from __future__ import annotations

from typing import Any

import pytest
from folded_plans import PLANS, lane_of
from hw_helpers import simulate

from bsff_hw.layer.scan import ChannelScan

every = pytest.mark.parametrize("name", PLANS)


@every
def test_scan_visits_every_channel(name: str) -> None:
    plan = PLANS[name]
    dut = ChannelScan(plan)

    async def bench(context: Any) -> None:
        for _ in range(2):
            assert not context.get(dut.running)
            context.set(dut.start, 1)
            await context.tick()
            context.set(dut.start, 0)
            for channel in range(plan.channels):
                assert context.get(dut.running)
                assert context.get(dut.at.channel) == channel
                assert context.get(dut.at.last) == (channel == plan.channels - 1)
                assert (context.get(dut.at.beat), context.get(dut.at.unit)) == divmod(channel, plan.tiles)
                label, member = divmod(channel, plan.members)
                assert context.get(dut.at.label) == label
                assert context.get(dut.at.label_last) == (member == plan.members - 1)
                fold, part, step, lane = lane_of(plan, channel)
                assert context.get(dut.at.part) == part
                assert context.get(dut.at.lane) == lane
                assert context.get(dut.at.step) == fold * plan.row_steps + step
                await context.tick()

    simulate(dut, bench)
