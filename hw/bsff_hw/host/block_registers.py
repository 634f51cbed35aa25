"""Registers of one block, a layer or the head; the table is `bsff.contract.registers.BLOCK`."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.registers import BLOCK
from bsff_hw.interfaces import generator_signature

from .counters import NAMES


def bus_signature() -> wiring.Signature:
    """A block's registers seen from the register bank.

    Members: ``address`` (of a 32-bit word within the block), ``write`` (for one cycle), ``data``; ``read`` is the register
    at the address two cycles later, 0 where there is none.
    """
    return wiring.Signature({"address": Out(6), "write": Out(1), "data": Out(32), "read": In(32)})


class BlockRegisters(wiring.Component):
    """Hold a block's settings, and show its state.

    Parameters
    ----------
    rows, width, channels : int
        Values of the constants ROWS, WIDTH, CHANNELS.
    layer : bool
        Whether it is a layer; the head has no p-bits, scale or activity.

    Members
    -------
    bus : In(bus_signature())
    step, scale, gate, learn, activity : Out
        Registers.
    activity_set, activity_new : In
        The block moves its running activity.
    pbits, rounding : Out(generator_signature())
    counter_address, counter : Out, In
        See `counters.EventCounters`.
    """

    def __init__(self, rows: int, width: int, channels: int, *, layer: bool) -> None:
        self._constants = {"ROWS": rows, "WIDTH": width, "CHANNELS": channels}
        self._layer = layer

        def size(name: str) -> int:
            return BLOCK[name].mask.bit_length()

        super().__init__(
            {
                "bus": In(bus_signature()),
                "step": Out(size("STEP")),
                "scale": Out(size("SCALE"), init=1),
                "gate": Out(size("GATE")),
                "learn": Out(size("LEARN")),
                "activity": Out(size("ACTIVITY")),
                "activity_set": In(1),
                "activity_new": In(size("ACTIVITY")),
                "pbits": Out(generator_signature()),
                "rounding": Out(generator_signature()),
                "counter_address": Out(4),
                "counter": In(64),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        bus = self.bus
        base = BLOCK[f"{NAMES[0].upper()}_LOW"].offset // 4
        m.d.comb += [
            self.pbits.load_data.eq(bus.data),
            self.rounding.load_data.eq(bus.data),
            self.counter_address.eq((bus.address - base) >> 1),
        ]
        values: dict[str, Any] = {
            "ROUNDING_LOW": self.rounding.state[:32],
            "ROUNDING_HIGH": self.rounding.state[32:],
            "STEP": self.step,
            "GATE": self.gate,
            "LEARN": self.learn,
            **self._constants,
        }
        held = {"STEP": self.step, "GATE": self.gate, "LEARN": self.learn}
        loads = {"ROUNDING_LOW": self.rounding.load[0], "ROUNDING_HIGH": self.rounding.load[1]}
        if self._layer:
            values |= {
                "PBITS_LOW": self.pbits.state[:32],
                "PBITS_HIGH": self.pbits.state[32:],
                "SCALE": self.scale,
                "ACTIVITY": self.activity,
            }
            held |= {"SCALE": self.scale, "ACTIVITY": self.activity}
            loads |= {"PBITS_LOW": self.pbits.load[0], "PBITS_HIGH": self.pbits.load[1]}
            with m.If(self.activity_set):
                m.d.sync += self.activity.eq(self.activity_new)
        with m.If(bus.write), m.Switch(bus.address):
            for name, register in held.items():
                with m.Case(BLOCK[name].offset // 4):
                    m.d.sync += register.eq(bus.data)
            for name, bit in loads.items():
                with m.Case(BLOCK[name].offset // 4):
                    m.d.comb += bit.eq(1)
        shown, high, counts = Signal(32), Signal(), Signal()
        m.d.sync += [
            shown.eq(0),
            high.eq(bus.address[0]),
            counts.eq((bus.address >= base) & (bus.address < base + 2 * len(NAMES))),
        ]
        with m.Switch(bus.address):
            for name, value in values.items():
                with m.Case(BLOCK[name].offset // 4):
                    m.d.sync += shown.eq(value)
        m.d.sync += bus.read.eq(Mux(counts, self.counter.word_select(high, 32), shown))
        return m
