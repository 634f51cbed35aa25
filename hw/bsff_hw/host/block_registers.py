"""Registers of one block, a layer or the head; the table is `bsff.contract.registers.BLOCK`."""

from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import COUNTER_WIDTH
from bsff.contract.registers import BLOCK, Kind
from bsff_hw.interfaces import generator_signature
from bsff_hw.parts.arithmetic import any_of

from .counters import NAMES
from .decode import halves, held_members, held_values, strobes
from .interfaces import bus_signature

WORD = 4
"""Bytes of a register."""


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
    step, gate, learn, ... : Out
        Each register of the table that is held, by its name in lower case.
    pbits : Out(generator_signature())
        The generator of a layer's p-bits.
    rounding : Out(generator_signature())
    activity_set, activity_new : In
        A layer moves its running activity.
    counter_address, counter : Out, In
        See `counters.EventCounters`.
    """

    def __init__(self, rows: int, width: int, channels: int, *, layer: bool) -> None:
        self._constants = {"ROWS": rows, "WIDTH": width, "CHANNELS": channels}
        self._layer = layer
        self._table = {name: register for name, register in BLOCK.items() if layer or not register.layers_only}
        self._generators = ("pbits", "rounding") if layer else ("rounding",)
        held = held_members(self._table)
        of_layers = {"activity_set": In(1), "activity_new": In(held["activity"].shape)} if layer else {}
        super().__init__(
            {
                "bus": In(bus_signature()),
                **held,
                **{name: Out(generator_signature()) for name in self._generators},
                **of_layers,
                "counter_address": Out(range(len(NAMES))),
                "counter": In(COUNTER_WIDTH),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        bus, table = self.bus, self._table
        # decoded in one cycle, read or written in the next: registers part the decoder from what it reaches
        here = {name: Signal(name=f"{name.lower()}_here") for name in table}
        written = {name: Signal(name=f"{name.lower()}_written") for name in table}
        for name, found in strobes(m, table, Const(1), bus.address, unit=WORD).items():
            m.d.sync += [here[name].eq(found), written[name].eq(found & bus.write)]
        values: dict[str, Any] = {**self._constants, **held_values(self, table)}
        if self._layer:
            with m.If(self.activity_set):
                m.d.sync += self.activity.eq(self.activity_new)
        for name, value in held_values(self, table).items():
            with m.If(written[name]):
                m.d.sync += value.eq(bus.data)
        for name in self._generators:
            port = getattr(self, name)
            values |= halves(name.upper(), port.state)
            m.d.comb += port.load_data.eq(bus.data)
            m.d.comb += [port.load[i].eq(written[half]) for i, half in enumerate(halves(name.upper(), port.state))]

        base = next(r.offset for r in table.values() if r.kind is Kind.COUNTER) // WORD
        shown, high, counts = Signal(32), Signal(), Signal()
        m.d.comb += self.counter_address.eq((bus.address - base) >> 1)
        m.d.sync += [
            shown.eq(any_of([Mux(here[name], value, 0) for name, value in values.items()])),
            high.eq(bus.address[0]),
            counts.eq((bus.address >= base) & (bus.address < base + 2 * len(NAMES))),
            bus.read.eq(Mux(counts, self.counter.word_select(high, 32), shown)),
        ]
        return m
