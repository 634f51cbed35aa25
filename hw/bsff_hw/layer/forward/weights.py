"""The weights of a layer in block RAM: one memory a part and bank, read and written a row at a time."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.parts.ram import ram
from bsff_hw.plan.plan import LayerPlan


class WeightMemory(wiring.Component):
    """Rows of `plan.row_lanes` weights.

    Row ``fold * rows_of_bank + tap // banks`` of bank ``tap % banks`` holds the weights of a tap for the channels of a
    fold; the last row of every bank stays zero.

    Members
    -------
    enable : In(1)
        The read ports move on with it.
    address : In(ArrayLayout(ArrayLayout(.., banks), parts))
    rows : Out(ArrayLayout(ArrayLayout(row_lanes * weight_bits, banks), parts))
        One cycle after the address.
    write : In(ArrayLayout(banks, parts))
        Banks to write, in each part.
    write_address : In
    write_rows : In(ArrayLayout(row_lanes * weight_bits, parts))
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        self.address_width = max(1, (plan.depth - 1).bit_length())
        self.row_width = plan.row_lanes * plan.weight_bits
        super().__init__(
            {
                "enable": In(1),
                "address": In(data.ArrayLayout(data.ArrayLayout(self.address_width, plan.banks), plan.parts)),
                "rows": Out(data.ArrayLayout(data.ArrayLayout(self.row_width, plan.banks), plan.parts)),
                "write": In(data.ArrayLayout(plan.banks, plan.parts)),
                "write_address": In(self.address_width),
                "write_rows": In(data.ArrayLayout(self.row_width, plan.parts)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        for part in range(self._plan.parts):
            for bank in range(self._plan.banks):
                store = ram(unsigned(self.row_width), self._plan.depth)
                m.submodules[f"part{part}_bank{bank}"] = store
                read, write = store.read_port(), store.write_port()
                m.d.comb += [
                    read.en.eq(self.enable),
                    read.addr.eq(self.address[part][bank]),
                    self.rows[part][bank].eq(read.data),
                    write.en.eq(self.write[part][bank]),
                    write.addr.eq(self.write_address),
                    write.data.eq(self.write_rows[part]),
                ]
        return m
