"""Counting through the channels of a layer one by one, in every coordinate that a memory uses."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import Planned, index
from bsff_hw.parts.odometer import Odometer
from bsff_hw.plan import LayerPlan


def channel_layout(plan: LayerPlan) -> data.StructLayout:
    """Coordinates of a channel.

    ``channel`` is its number; ``unit`` its place in a beat of `plan.tiles` channels and ``beat`` that beat; ``label`` its
    class, ``label_last`` marks the last channel of a class; ``lane``, ``part`` and ``step`` are its update lane, part, and
    word in that lane's memories; ``last`` marks the last channel.
    """
    return data.StructLayout(
        {
            "channel": index(plan.channels),
            "unit": index(plan.tiles),
            "beat": index(plan.beats),
            "label": index(plan.classes),
            "label_last": 1,
            "lane": index(plan.update_lanes),
            "part": index(plan.parts),
            "step": index(plan.lane_words),
            "last": 1,
        }
    )


class ChannelScan(Planned):
    """Visit every channel, one a cycle.

    Members
    -------
    start : In(1)
    running : Out(1)
        `at` is a channel.
    at : Out(channel_layout(plan))
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {"start": In(1), "running": Out(1), "at": Out(channel_layout(plan))}

    def elaborate(self, platform) -> Module:
        m = Module()
        plan, at = self._plan, self.at
        options = {"advance": self.running, "clear": self.start}
        plain = Odometer(m, {"channel": plan.channels}, **options)
        beat = Odometer(m, {"unit": plan.tiles, "beat": plan.beats}, **options)
        label = Odometer(m, {"member": plan.members, "label": plan.classes}, **options)
        lanes = {"lane": plan.update_lanes, "step": plan.row_steps, "inner": plan.inner, "part": plan.parts}
        fold = Odometer(m, lanes, **options)
        # each part of a turn has the same words
        word, first = Signal.like(at.step), Signal.like(at.step)
        with m.If(self.running & fold.ends["lane"]):
            m.d.sync += word.eq(word + 1)
            with m.If(fold.ends["step"] & fold.ends["inner"] & fold.ends["part"]):
                m.d.sync += first.eq(word + 1)
            with m.Elif(fold.ends["step"] & fold.ends["inner"]):
                m.d.sync += word.eq(first)
        with m.If(self.start):
            m.d.sync += [word.eq(0), first.eq(0)]
        with m.If(self.running & plain.last):
            m.d.sync += self.running.eq(0)
        with m.If(self.start):
            m.d.sync += self.running.eq(1)
        m.d.comb += [
            at.channel.eq(plain["channel"]),
            at.unit.eq(beat["unit"]),
            at.beat.eq(beat["beat"]),
            at.label.eq(label["label"]),
            at.label_last.eq(label.ends["member"]),
            at.lane.eq(fold["lane"]),
            at.part.eq(fold["part"]),
            at.step.eq(word),
            at.last.eq(plain.last),
        ]
        return m
