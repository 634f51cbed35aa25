"""Memory with a word for each channel, read and written a transfer of channels at a time."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .ram import ram


class ChannelMemory(wiring.Component):
    """One word a channel; channel ``block * units + unit`` lies in memory `unit`.

    Parameters
    ----------
    channels, units, width : int
    transparent : bool
        A read sees a write of the same cycle.

    Members
    -------
    read_enable : In(1)
    read_block : In
    read : Out(ArrayLayout(width, units))
        One cycle after the block.
    write_mask : In(units)
    write_block : In
    write : In(ArrayLayout(width, units))
    """

    def __init__(self, channels: int, units: int, width: int, *, transparent: bool = False) -> None:
        if channels % units:
            raise ValueError(f"channels = {channels}: expected a multiple of units = {units}")
        self._units, self._width, self._transparent = units, width, transparent
        self._blocks = max(2, channels // units)
        super().__init__(
            {
                "read_enable": In(1),
                "read_block": In(range(self._blocks)),
                "read": Out(data.ArrayLayout(width, units)),
                "write_mask": In(units),
                "write_block": In(range(self._blocks)),
                "write": In(data.ArrayLayout(width, units)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        for unit in range(self._units):
            store = ram(unsigned(self._width), self._blocks)
            m.submodules[f"unit{unit}"] = store
            write = store.write_port()
            read = store.read_port(transparent_for=(write,) if self._transparent else ())
            m.d.comb += [
                read.en.eq(self.read_enable),
                read.addr.eq(self.read_block),
                self.read[unit].eq(read.data),
                write.en.eq(self.write_mask[unit]),
                write.addr.eq(self.write_block),
                write.data.eq(self.write[unit]),
            ]
        return m
