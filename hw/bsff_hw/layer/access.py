"""The host's way to the memories of a layer: one word after another, found by counting rather than by dividing."""

import math
from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import BIAS_WIDTH, MEMORIES
from bsff_hw.interfaces import Planned, access_signature, index
from bsff_hw.parts.odometer import Odometer
from bsff_hw.plan import LayerPlan
from bsff_hw.plan.latencies import ROW_LATENCY

from .forward.weights import row_read_signature
from .goodness import mean_signature
from .learning.update import edit_signature
from .slot import TapSlot

CHANNEL_LATENCY = 2
"""Cycles from a request to a channel's bias and mean."""


def bias_edit_signature(plan: LayerPlan) -> wiring.Signature:
    """Read a channel's bias, a cycle after ``request``, and write it with ``write``; ``beat`` and ``unit`` are its place."""
    return wiring.Signature(
        {
            "request": Out(1),
            "beat": Out(index(plan.beats)),
            "unit": Out(index(plan.tiles)),
            "write": Out(1),
            "data": Out(BIAS_WIDTH),
            "read": In(BIAS_WIDTH),
        }
    )


class Access(Planned):
    """Serve the host's accesses to weights, biases and means of a layer, between maps.

    Members
    -------
    host : In(access_signature())
    hold : In(1)
        The memories are being cleared: the host waits.
    row : Out(row_read_signature(plan))
        The row of a weight, read first.
    weight : Out(edit_signature(plan))
    bias : Out(bias_edit_signature(plan))
    mean : Out(mean_signature(plan))
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "host": In(access_signature()),
            "hold": In(1),
            "row": Out(row_read_signature(plan)),
            "weight": Out(edit_signature(plan)),
            "bias": Out(bias_edit_signature(plan)),
            "mean": Out(mean_signature(plan)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        host = self.host
        weights, biases, means = (host.memory == code for code in range(len(MEMORIES)))
        channels = biases | means
        past, answer = Signal(), Signal.like(host.read)
        word_last = self._find_weight(m, host.step & ~past & weights)
        channel_last = self._find_channel(m, host.step & ~past & channels)
        with m.If(host.step & Mux(weights, word_last, Mux(channels, channel_last, 1))):
            m.d.sync += past.eq(1)
        with m.If(host.rewind):
            m.d.sync += past.eq(0)
        m.d.comb += [
            self.weight.write.eq(host.write),
            self.weight.data.eq(host.data),
            self.bias.data.eq(host.data),
            self.mean.data.eq(host.data),
            self.bias.request.eq(host.request),
            host.read.eq(answer),
        ]
        waited = Signal(range(ROW_LATENCY + 1))
        m.d.sync += self.weight.begin.eq(0)
        with m.FSM(name="access"):
            with m.State("IDLE"), m.If(host.request & ~self.hold):
                m.d.sync += waited.eq(0)
                with m.If(past | ~(weights | channels)):
                    m.d.sync += answer.eq(0)
                    m.next = "ANSWER"
                with m.Elif(weights):
                    m.d.comb += self.row.enable.eq(1)
                    m.next = "FETCH"
                with m.Else():
                    m.next = "CHANNEL"
            with m.State("FETCH"):
                m.d.sync += waited.eq(waited + 1)
                with m.If((waited >= ROW_LATENCY) & self.weight.free):
                    m.d.sync += self.weight.begin.eq(1)
                    m.next = "WEIGHT"
            with m.State("WEIGHT"), m.If(self.weight.done):
                m.d.sync += answer.eq(self.weight.weight)
                m.next = "ANSWER"
            with m.State("CHANNEL"):
                m.d.sync += [waited.eq(waited + 1), answer.eq(Mux(biases, self.bias.read, self.mean.read))]
                with m.If(waited == CHANNEL_LATENCY - 1):
                    m.d.comb += [self.bias.write.eq(host.write & biases), self.mean.write.eq(host.write & means)]
                    m.next = "ANSWER"
            with m.State("ANSWER"):
                m.d.comb += host.done.eq(1)
                m.next = "IDLE"
        return m

    def _find_weight(self, m: Module, step: Any) -> Any:
        """Count through the weights, row by row; returns whether this is the last."""
        plan, host = self._plan, self.host
        limits = {
            "lane": plan.update_lanes,
            "step": plan.row_steps,
            "inner": plan.inner,
            "channel": plan.group_in,
            "place": math.prod(plan.kernel),
            "part": plan.parts,
            "turn": plan.rounds,
        }
        word = Odometer(m, limits, advance=step, clear=host.rewind, prefix="weight_")
        row_last, place_last = word.ends["lane"] & word.ends["step"], word.ends["channel"]
        slot = TapSlot(
            m,
            plan,
            advance=step & row_last & word.ends["inner"],
            place_last=place_last,
            last=place_last & word.ends["place"],
            clear=host.rewind,
        )
        # where the rows of a turn begin, and those of a fold within it; the counters move long before a row is asked for
        turn, inner = Signal.like(self.row.address), Signal.like(self.row.address)
        with m.If(step & row_last):
            m.d.sync += inner.eq(Mux(word.ends["inner"], 0, inner + plan.rows_of_bank))
        with m.If(step & row_last & word.ends["inner"] & place_last & word.ends["place"] & word.ends["part"]):
            m.d.sync += turn.eq(turn + plan.inner * plan.rows_of_bank)
        with m.If(host.rewind):
            m.d.sync += [inner.eq(0), turn.eq(0)]
        m.d.sync += [self.row.bank.eq(slot.bank), self.row.address.eq(turn + inner + slot.row)]
        m.d.comb += [
            self.weight.bank.eq(self.row.bank),
            self.weight.address.eq(self.row.address),
            self.weight.part.eq(word["part"]),
            self.weight.lane.eq(word["lane"]),
            self.weight.step.eq(word["step"]),
        ]
        return word.last

    def _find_channel(self, m: Module, step: Any) -> Any:
        """Count through the channels; returns whether this is the last."""
        plan, host = self._plan, self.host
        limits = {"unit": plan.tiles, "beat": plan.beats}
        place = Odometer(m, limits, advance=step, clear=host.rewind, prefix="channel_")
        channel = Signal(index(plan.channels))
        with m.If(step):
            m.d.sync += channel.eq(channel + 1)
        with m.If(host.rewind):
            m.d.sync += channel.eq(0)
        m.d.comb += [self.bias.unit.eq(place["unit"]), self.bias.beat.eq(place["beat"]), self.mean.address.eq(channel)]
        return place.last
