"""The weights of a layer in block RAM: one memory a part and bank, read and written a row at a time."""

from amaranth.hdl import Module, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import Planned, index
from bsff_hw.parts.ram import ram
from bsff_hw.plan import LayerPlan


def rows_layout(plan: LayerPlan) -> data.ArrayLayout:
    """A weight row of every part."""
    return data.ArrayLayout(data.ArrayLayout(signed(plan.weight_bits), plan.row_lanes), plan.parts)


def row_read_signature(plan: LayerPlan) -> wiring.Signature:
    """Read the row at ``address`` of one bank, one-hot, in every part, between maps.

    ``rows`` is there `ROW_LATENCY` cycles after ``enable``, until the next one is read.
    """
    return wiring.Signature(
        {"enable": Out(1), "bank": Out(plan.banks), "address": Out(index(plan.depth)), "rows": In(rows_layout(plan))}
    )


def row_write_signature(plan: LayerPlan) -> wiring.Signature:
    """Write a row of every part into the banks that are set in ``banks``."""
    return wiring.Signature(
        {
            "banks": Out(data.ArrayLayout(plan.banks, plan.parts)),
            "address": Out(index(plan.depth)),
            "rows": Out(rows_layout(plan)),
        }
    )


class WeightMemory(Planned):
    """Rows of `plan.row_lanes` weights.

    Row ``fold * rows_of_bank + row`` of a bank holds the weights of the tap that `LayerPlan.slot` places there, for the
    channels of a fold; the last row of every bank stays zero.

    Members
    -------
    enable : In(1)
        The read ports move on with it.
    address : In(ArrayLayout(ArrayLayout(.., banks), parts))
    rows : Out(ArrayLayout(ArrayLayout(row_lanes * weight_bits, banks), parts))
        One cycle after the address.
    write : In(row_write_signature(plan))
    """

    def ports(self, plan: LayerPlan) -> dict:
        row = plan.row_lanes * plan.weight_bits
        return {
            "enable": In(1),
            "address": In(data.ArrayLayout(data.ArrayLayout(index(plan.depth), plan.banks), plan.parts)),
            "rows": Out(data.ArrayLayout(data.ArrayLayout(row, plan.banks), plan.parts)),
            "write": In(row_write_signature(plan)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        for part in range(plan.parts):
            for bank in range(plan.banks):
                store = ram(unsigned(plan.row_lanes * plan.weight_bits), plan.depth)
                m.submodules[f"part{part}_bank{bank}"] = store
                read, write = store.read_port(), store.write_port()
                m.d.comb += [
                    read.en.eq(self.enable),
                    read.addr.eq(self.address[part][bank]),
                    self.rows[part][bank].eq(read.data),
                    write.en.eq(self.write.banks[part][bank]),
                    write.addr.eq(self.write.address),
                    write.data.eq(self.write.rows[part].as_value()),
                ]
        return m
