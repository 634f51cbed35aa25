"""The host's way to the memories of the head, found by counting."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import BIAS_WIDTH, MEMORIES
from bsff_hw.interfaces import Planned, access_signature, index
from bsff_hw.plan import HeadPlan

from .rows import weight_signature

WEIGHTS, BIAS = MEMORIES.index("weights"), MEMORIES.index("bias")


class HeadAccess(Planned):
    """Serve the host's accesses to weights and biases of the head, between maps.

    Members
    -------
    host : In(access_signature())
    weight : Out(weight_signature(plan))
    weight_done : In(1)
    column : Out
        A class.
    bias : In(signed(BIAS_WIDTH))
        Its bias, a cycle later.
    bias_write : Out(1)
        Replace it by ``host.data``.
    """

    def ports(self, plan: HeadPlan) -> dict:
        return {
            "host": In(access_signature()),
            "weight": Out(weight_signature(plan)),
            "weight_done": In(1),
            "bias": In(signed(BIAS_WIDTH)),
            "column": Out(index(plan.classes)),
            "bias_write": Out(1),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        host, plan = self.host, self._plan
        last_row, last_column = plan.rows - 1, plan.classes - 1
        row, column, past = Signal(range(plan.rows)), Signal(range(plan.classes)), Signal()
        answer = Signal.like(host.read)
        with m.If(host.step):
            m.d.sync += column.eq(column + 1)
            with m.If(column == last_column):
                m.d.sync += [column.eq(0), row.eq(row + 1)]
                with m.If((host.memory != WEIGHTS) | (row == last_row)):
                    m.d.sync += past.eq(1)
        with m.If(host.rewind):
            m.d.sync += [row.eq(0), column.eq(0), past.eq(0)]
        m.d.comb += [
            self.column.eq(column),
            self.weight.row.eq(row),
            self.weight.column.eq(column),
            self.weight.data.eq(host.data),
            self.weight.write.eq(host.write),
            host.read.eq(answer),
        ]
        with m.FSM(name="access"):
            with m.State("IDLE"), m.If(host.request):
                with m.If(past | ~((host.memory == WEIGHTS) | (host.memory == BIAS))):
                    m.d.sync += answer.eq(0)
                    m.next = "ANSWER"
                with m.Elif(host.memory == BIAS):
                    m.next = "BIAS"
                with m.Else():
                    m.d.comb += self.weight.start.eq(1)
                    m.next = "WEIGHT"
            with m.State("BIAS"):
                m.d.comb += self.bias_write.eq(host.write)
                m.d.sync += answer.eq(self.bias)
                m.next = "ANSWER"
            with m.State("WEIGHT"), m.If(self.weight_done):
                m.d.sync += answer.eq(self.weight.read)
                m.next = "ANSWER"
            with m.State("ANSWER"):
                m.d.comb += host.done.eq(1)
                m.next = "IDLE"
        return m
