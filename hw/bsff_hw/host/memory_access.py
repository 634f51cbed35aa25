"""The host's way to the memories of a block: one word after another, found by counting rather than by dividing."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.layer.forward.accumulate import Accumulate
from bsff_hw.layer.scan import Counters
from bsff_hw.layer.verdict.goodness import MEAN_WIDTH
from bsff_hw.plan.plan import BIAS_WIDTH, LayerPlan

WEIGHTS, BIAS, MEAN = range(3)
"""Numbers of the memories, as in `bsff.contract.registers.MEMORIES`."""


def access_signature() -> wiring.Signature:
    """One word of a block's memories, seen from the host.

    Members: ``memory`` chooses it; ``rewind`` goes to word 0; ``step`` to the next one; ``request`` (held until ``done``)
    reads or, with ``write``, writes the word; words past the end are not there and read as 0.
    """
    return wiring.Signature(
        {
            "memory": Out(2),
            "rewind": Out(1),
            "step": Out(1),
            "request": Out(1),
            "write": Out(1),
            "data": Out(32),
            "done": In(1),
            "read": In(32),
        }
    )


class Access(wiring.Component):
    """Serve the host's accesses to weights, biases and means of a layer, between maps.

    Members
    -------
    host : In(access_signature())
    hold : In(1)
        The memories are being cleared: the host waits.
    fetch, bank, address :
        Read a weight row, see `accumulate.Accumulate`.
    begin, free, part, lane, step, done, weight :
        Host accesses of `update.RowUpdate`.
    channel, unit, block : Out
        The channel of a bias or a mean.
    bias, bias_write : In, Out
        Read a cycle after the address; write enable.
    mean, mean_write : In, Out
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        super().__init__(
            {
                "host": In(access_signature()),
                "hold": In(1),
                "fetch": Out(1),
                "bank": Out(plan.banks),
                "address": Out(max(1, (plan.depth - 1).bit_length())),
                "begin": Out(1),
                "free": In(1),
                "part": Out(range(max(2, plan.parts))),
                "lane": Out(range(max(2, plan.update_lanes))),
                "step": Out(range(max(2, plan.row_steps))),
                "done": In(1),
                "weight": In(plan.weight_bits),
                "channel": Out(range(plan.channels)),
                "unit": Out(range(max(2, plan.tiles))),
                "block": Out(range(max(2, plan.blocks))),
                "bias": In(BIAS_WIDTH),
                "bias_write": Out(1),
                "mean": In(MEAN_WIDTH),
                "mean_write": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan, host = self._plan, self.host
        past = Signal()
        weights, channels = host.memory == WEIGHTS, (host.memory == BIAS) | (host.memory == MEAN)
        step = host.step & ~past
        word = Counters(
            m,
            {
                "lane": plan.update_lanes, "step": plan.row_steps, "inner": plan.inner, "tap": plan.taps,
                "part": plan.parts, "turn": plan.rounds,
            },
            advance=step & weights, clear=host.rewind, prefix="weight_",
        )  # fmt: skip
        place = Counters(
            m, {"unit": plan.tiles, "block": plan.blocks}, advance=step & channels, clear=host.rewind, prefix="channel_"
        )
        bank, local = Signal(plan.banks, init=1), Signal(range(max(2, plan.rows_of_bank)))
        row_ends = word.ends["lane"] & word.ends["step"] & word.ends["inner"]
        with m.If(step & weights & row_ends):
            m.d.sync += bank.eq(bank.rotate_left(1))
            with m.If(bank[-1]):
                m.d.sync += local.eq(local + 1)
            with m.If(word.ends["tap"]):
                m.d.sync += [bank.eq(1), local.eq(0)]
        with m.If(host.step & Mux(weights, word.last, Mux(channels, place.last, 1))):
            m.d.sync += past.eq(1)
        with m.If(step & channels):
            m.d.sync += self.channel.eq(self.channel + 1)
        with m.If(host.rewind):
            m.d.sync += [past.eq(0), bank.eq(1), local.eq(0), self.channel.eq(0)]
        m.d.comb += [
            self.bank.eq(bank),
            self.address.eq((word["turn"] * plan.inner + word["inner"]) * plan.rows_of_bank + local),
            self.part.eq(word["part"]),
            self.lane.eq(word["lane"]),
            self.step.eq(word["step"]),
            self.unit.eq(place["unit"]),
            self.block.eq(place["block"]),
        ]
        waited = Signal(range(Accumulate.ROW_LATENCY + 1))
        with m.FSM(name="access"):
            with m.State("IDLE"), m.If(host.request & ~self.hold):
                m.d.sync += waited.eq(0)
                with m.If(past | ~(weights | channels)):
                    m.next = "NOTHING"
                with m.Elif(weights):
                    m.d.comb += self.fetch.eq(1)
                    m.next = "FETCH"
                with m.Else():
                    m.next = "CHANNEL"
            with m.State("NOTHING"):
                m.d.comb += host.done.eq(1)
                m.next = "IDLE"
            with m.State("FETCH"):
                m.d.sync += waited.eq(waited + 1)
                with m.If((waited >= Accumulate.ROW_LATENCY) & self.free):
                    m.d.comb += self.begin.eq(1)
                    m.next = "WORK"
            with m.State("WORK"), m.If(self.done):
                m.d.comb += [host.done.eq(1), host.read.eq(self.weight.as_signed())]
                m.next = "IDLE"
            with m.State("CHANNEL"):
                m.d.comb += [
                    host.done.eq(1),
                    host.read.eq(Mux(host.memory == BIAS, self.bias, self.mean)),
                    self.bias_write.eq(host.write & (host.memory == BIAS)),
                    self.mean_write.eq(host.write & (host.memory == MEAN)),
                ]
                m.next = "IDLE"
        return m
