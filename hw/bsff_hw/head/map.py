"""The input map of the head, twice buffered, pooled as it arrives."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.layer.forward.maps import LABEL_BITS, SLOTS, beat_layout
from bsff_hw.layer.scan import Counters
from bsff_hw.parts.ram import ram
from bsff_hw.plan.plan import HeadPlan


class HeadMap(wiring.Component):
    """Take maps from a stream and hold two of them, a transfer a word; model of the pool: `bsff.golden.pool.pool_up`.

    Members
    -------
    input, full, release, label :
        As in `maps.MapStore`; the last word can be read a cycle after `full` has risen.
    address : In
    enable : In(1)
    word : Out(beat * levels)
        Unary counts, one cycle after the address.
    """

    def __init__(self, plan: HeadPlan) -> None:
        self._plan = plan
        super().__init__(
            {
                "input": In(stream.Signature(beat_layout(plan.beat * plan.levels))),
                "full": Out(1),
                "release": In(1),
                "label": Out(LABEL_BITS),
                "address": In(range(max(2, plan.words))),
                "enable": In(1),
                "word": Out(plan.beat * plan.levels),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        height, width, channels = plan.source
        blocks = channels // plan.beat
        filling, working = Signal(), Signal()
        held = Signal(range(SLOTS + 1))
        labels = Signal(data.ArrayLayout(LABEL_BITS, SLOTS))
        take = Signal()
        m.d.comb += [
            self.input.ready.eq(held != SLOTS),
            take.eq(self.input.valid & self.input.ready),
            self.full.eq(held != 0),
            self.label.eq(labels[working]),
        ]
        place = Counters(m, {"block": blocks, "x": width, "y": height}, advance=take, clear=0)
        last = take & place.last
        m.d.sync += held.eq(held + last - self.release)
        with m.If(take):
            m.d.sync += labels[filling].eq(self.input.payload.label)
        with m.If(last):
            m.d.sync += filling.eq(~filling)
        with m.If(self.release):
            m.d.sync += working.eq(~working)

        store = ram(unsigned(plan.beat * plan.levels), SLOTS * plan.words)
        m.submodules.store = store
        write, read = store.write_port(), store.read_port()
        # where the pooled row begins, and the transfer within it
        line = Signal(range(SLOTS * plan.words))
        step = plan.inputs[1] * blocks
        x, y = place["x"], place["y"]
        shift = plan.pool - 1
        with m.If(take & place.ends["block"] & place.ends["x"]):
            with m.If(place.ends["y"]):
                m.d.sync += line.eq(Mux(filling, 0, plan.words))
            with m.Elif(y[0] if shift else 1):
                m.d.sync += line.eq(line + step)
        address = Signal.like(line)
        m.d.comb += address.eq(line + (x >> shift) * blocks + place["block"])
        fresh, taken, bits = Signal(), Signal(), Signal(plan.beat * plan.levels)
        m.d.sync += [
            taken.eq(take), bits.eq(self.input.payload.bits), write.addr.eq(address),
            fresh.eq(~(x[0] | y[0]) if shift else 1),
        ]  # fmt: skip
        m.d.comb += [
            write.en.eq(taken),
            read.en.eq(self.enable),
            read.addr.eq(self.address + Mux(working, plan.words, 0)),
            self.word.eq(read.data),
        ]
        if shift:
            # consecutive transfers meet the same word where a position is one transfer
            old = store.read_port(transparent_for=(write,) if blocks == 1 else ())
            m.d.comb += [old.en.eq(take), old.addr.eq(address), write.data.eq(bits | Mux(fresh, 0, old.data))]
        else:
            m.d.comb += write.data.eq(bits)
        return m
