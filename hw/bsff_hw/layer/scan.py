"""Counting through the channels of a layer one by one, in every coordinate that a memory uses."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff.config import CLASSES
from bsff_hw.plan.plan import LayerPlan


class Counters:
    """Nested counters: element 0 counts fastest, each wraps at its limit and moves the next on.

    Parameters
    ----------
    m : Module
    limits : dict of str to int
        Name and number of values, fastest first.
    advance, clear : Value
    prefix : str
        Of the signals' names.
    """

    def __init__(self, m: Module, limits: dict[str, int], *, advance: Any, clear: Any, prefix: str = "") -> None:
        self.values: dict[str, Signal] = {}
        self.ends: dict[str, Value] = {}
        carry: Any = advance
        self.last: Any = 1
        for name, limit in limits.items():
            value = Signal(range(max(2, limit)), name=prefix + name)
            end = Signal(name=f"{prefix}{name}_end")
            m.d.comb += end.eq(value == limit - 1)
            with m.If(carry):
                m.d.sync += value.eq(Mux(end, 0, value + 1))
            with m.If(clear):
                m.d.sync += value.eq(0)
            self.values[name], self.ends[name] = value, end
            self.last = self.last & end
            carry = carry & end

    def __getitem__(self, name: str) -> Signal:
        return self.values[name]


class ChannelScan(wiring.Component):
    """Visit every channel, one a cycle.

    Members
    -------
    start : In(1)
    running : Out(1)
        The coordinates below are those of a channel.
    last : Out(1)
        Of the last one.
    channel, unit, block : Out
        Its number; its place within a transfer of `plan.tiles` channels, and that transfer's.
    label : Out(4)
        Its class.
    label_last : Out(1)
        It is the last of its class.
    lane, part, step : Out
        Update lane, part, and word in that lane's memories.
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        super().__init__(
            {
                "start": In(1),
                "running": Out(1),
                "last": Out(1),
                "channel": Out(range(plan.channels)),
                "unit": Out(range(max(2, plan.tiles))),
                "block": Out(range(max(2, plan.blocks))),
                "label": Out(range(CLASSES)),
                "label_last": Out(1),
                "lane": Out(range(max(2, plan.update_lanes))),
                "part": Out(range(max(2, plan.parts))),
                "step": Out(range(max(2, plan.folds * plan.row_steps))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        options = {"advance": self.running, "clear": self.start}
        plain = Counters(m, {"channel": plan.channels}, **options)
        beat = Counters(m, {"unit": plan.tiles, "block": plan.blocks}, **options)
        label = Counters(m, {"member": plan.channels // CLASSES, "label": CLASSES}, **options)
        fold = Counters(
            m,
            {"lane": plan.update_lanes, "step": plan.row_steps, "inner": plan.inner, "part": plan.parts, "turn": plan.rounds},
            **options,
        )  # fmt: skip
        with m.If(self.running & plain.last):
            m.d.sync += self.running.eq(0)
        with m.If(self.start):
            m.d.sync += self.running.eq(1)
        m.d.comb += [
            self.last.eq(plain.last),
            self.channel.eq(plain["channel"]),
            self.unit.eq(beat["unit"]),
            self.block.eq(beat["block"]),
            self.label.eq(label["label"]),
            self.label_last.eq(label.ends["member"]),
            self.lane.eq(fold["lane"]),
            self.part.eq(fold["part"]),
            self.step.eq((fold["turn"] * plan.inner + fold["inner"]) * plan.row_steps + fold["step"]),
        ]
        return m
