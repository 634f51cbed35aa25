"""The softmax head: one lane a class, no p-bits, the same local rule. Integer model: `bsff.golden.head.run`."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data, fifo, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.config import CLASSES
from bsff.contract.numerics import LOG2_E, head_shift
from bsff.golden.update import STEP_BITS
from bsff_hw.host.block_registers import BlockRegisters, bus_signature
from bsff_hw.host.counters import EventCounters
from bsff_hw.host.memory_access import BIAS, WEIGHTS, access_signature
from bsff_hw.layer.forward.maps import beat_layout
from bsff_hw.layer.learning.learn import STEP_WIDTH
from bsff_hw.layer.verdict.softmax import ERROR_WIDTH, Softmax
from bsff_hw.parts.arithmetic import half_up, saturate
from bsff_hw.parts.ram import ram
from bsff_hw.plan.plan import BIAS_BITS, BIAS_WIDTH, GAIN_BITS, HeadPlan

from .map import HeadMap
from .rows import HeadRows


class Head(wiring.Component):
    """Classify the last layer's map, and learn to.

    Members are those of `layer.Layer`, without an output stream.

    Notes
    -----
    Forward and update each read one word of the map a cycle or, where more of its bits are on, one weight row.
    """

    def __init__(self, plan: HeadPlan) -> None:
        self._plan = plan
        super().__init__(
            {
                "input": In(stream.Signature(beat_layout(plan.beat * plan.levels))),
                "logits": Out(stream.Signature(signed(32))),
                "learn": In(1),
                "results": In(1),
                "clear": In(1),
                "bus": In(bus_signature()),
                "access": In(access_signature()),
                "idle": Out(1),
                "completed": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        width = plan.sum_width + LOG2_E.bit_length() - head_shift(plan.fraction_bits)
        m.submodules.registers = registers = BlockRegisters(plan.rows, CLASSES, CLASSES, layer=False)
        m.submodules.maps = maps = HeadMap(plan)
        m.submodules.rows = rows = HeadRows(plan)
        m.submodules.softmax = softmax = Softmax(width)
        m.submodules.counters = counters = EventCounters()
        m.submodules.results = results = fifo.SyncFIFO(width=32, depth=2 * CLASSES)
        connect(m, flipped(self.input), maps.input)
        connect(m, flipped(self.bus), registers.bus)
        events = counters.events
        biases = Signal(data.ArrayLayout(signed(BIAS_WIDTH), CLASSES))
        m.submodules.classes = logits = ram(signed(width), CLASSES)
        logit, logit_write = logits.read_port(domain="comb"), logits.write_port()
        gains = Signal(data.ArrayLayout(signed(ERROR_WIDTH + STEP_WIDTH - STEP_BITS), CLASSES))
        index = Signal(range(CLASSES + 2))
        learn, updated = Signal(), Signal()
        m.d.comb += [
            learn.eq(self.learn & registers.learn),
            maps.enable.eq(rows.word_enable),
            maps.address.eq(rows.word_address),
            rows.word.eq(maps.word),
            rows.gains.eq(gains),
            rows.load.eq(registers.load[2:]),
            rows.load_data.eq(registers.load_data),
            registers.rounding.eq(rows.state),
            counters.clear.eq(self.clear),
            counters.address.eq(registers.counter_address),
            registers.counter.eq(counters.data),
            logit.addr.eq(softmax.number),
            softmax.logit.eq(logit.data),
            softmax.error_number.eq(index),
            softmax.label.eq(maps.label),
            self.logits.valid.eq(results.r_rdy),
            self.logits.payload.eq(results.r_data.as_signed()),
            results.r_en.eq(self.logits.ready),
        ]
        self._host(m, rows, biases)

        # one multiplier for the logits, one for the gains
        scaled = Signal(signed(plan.sum_width + LOG2_E.bit_length() + 1))
        gained = Signal(signed(ERROR_WIDTH + STEP_WIDTH + 1))
        begin, blocked = Signal(), Signal()
        at, before, earlier = index[:4], Signal(4), Signal(4)
        m.d.comb += [
            before.eq(index - 1),
            earlier.eq(index - 2),
            logit_write.addr.eq(earlier),
            logit_write.data.eq(scaled >> head_shift(plan.fraction_bits)),
        ]
        # choosing, adding and multiplying in one cycle was the critical path
        summed = Signal(signed(plan.sum_width + 1))
        m.d.sync += [
            summed.eq(rows.sums[at] + (biases[at] >> BIAS_BITS)),
            scaled.eq(summed * LOG2_E),
            gained.eq(softmax.error * registers.step),
        ]
        with m.FSM(name="phase"):
            with m.State("CLEAR"), m.If(rows.idle):
                m.next = "IDLE"
            with m.State("IDLE"):
                m.d.comb += self.idle.eq(~maps.full & ~counters.busy)
                with m.If(maps.full):
                    m.d.comb += [begin.eq(1), rows.forward.eq(1)]
                    m.d.sync += [events.eq(0), updated.eq(0), index.eq(0)]
                    m.next = "FORWARD"
            with m.State("FORWARD"):
                m.d.sync += events.taps.eq(events.taps + rows.listed)
                with m.If(rows.done):
                    m.next = "LOGITS"
            with m.State("LOGITS"):
                m.d.sync += index.eq(index + 1)
                m.d.comb += logit_write.en.eq(index >= 2)
                with m.If(index == CLASSES + 1):
                    m.next = "START"
            with m.State("START"):
                m.d.comb += softmax.start.eq(1)
                m.d.sync += index.eq(0)
                m.next = "SOFTMAX"
            with m.State("SOFTMAX"), m.If(softmax.done):
                m.next = "DECIDE"
                with m.If(self.results):
                    m.next = "RESULTS"
            with m.State("RESULTS"):
                m.d.comb += [
                    logit.addr.eq(index),
                    results.w_data.eq(logit.data),
                    results.w_en.eq(results.w_rdy),
                    blocked.eq(~results.w_rdy),
                ]
                with m.If(results.w_rdy):
                    m.d.sync += index.eq(index + 1)
                    with m.If(index == CLASSES - 1):
                        m.d.sync += index.eq(0)
                        m.next = "DECIDE"
            with m.State("DECIDE"):
                m.next = "DONE"
                with m.If(learn & (softmax.label_error >= registers.gate.as_unsigned())):
                    m.d.sync += updated.eq(1)
                    m.next = "GAINS"
            with m.State("GAINS"):  # one a cycle, its product the cycle before, its bias the cycle after
                m.d.sync += index.eq(index + 1)
                with m.If((index != 0) & (index <= CLASSES)):
                    m.d.sync += gains[before].eq(half_up(gained, STEP_BITS))
                with m.If(index >= 2):
                    moved = biases[earlier] + half_up(gains[earlier], GAIN_BITS - BIAS_BITS)
                    m.d.sync += biases[earlier].eq(saturate(moved, BIAS_WIDTH))
                with m.If(index == CLASSES + 1):
                    m.d.comb += rows.update.eq(1)
                    m.next = "UPDATE"
            with m.State("UPDATE"):
                m.d.sync += events.saturations.eq(events.saturations + rows.saturated)
                with m.If(rows.done):
                    m.next = "DONE"
            with m.State("DONE"):
                m.d.sync += [
                    events.samples.eq(1),
                    events.correct.eq(softmax.best == maps.label),
                    events.loss.eq(softmax.loss),
                    events.updates.eq(updated),
                    events.update_taps.eq(Mux(updated, events.taps, 0)),
                ]
                m.next = "COMMIT"
            with m.State("COMMIT"):
                m.d.comb += [counters.commit.eq(1), maps.release.eq(1), self.completed.eq(1)]
                m.next = "IDLE"
        with m.If(blocked):
            m.d.sync += events.stall_cycles.eq(events.stall_cycles + 1)
        with m.Elif(~self.idle & ~begin):
            m.d.sync += events.busy_cycles.eq(events.busy_cycles + 1)
        return m

    def _host(self, m: Module, rows: HeadRows, biases: Any) -> None:
        """The host's accesses, found by counting."""
        host = self.access
        row, column, past = Signal(range(self._plan.rows)), Signal(range(CLASSES)), Signal()
        with m.If(host.step):
            m.d.sync += column.eq(column + 1)
            with m.If(column == CLASSES - 1):
                m.d.sync += [column.eq(0), row.eq(row + 1)]
                with m.If((host.memory != WEIGHTS) | (row == self._plan.rows - 1)):
                    m.d.sync += past.eq(1)
        with m.If(host.rewind):
            m.d.sync += [row.eq(0), column.eq(0), past.eq(0)]
        m.d.comb += [
            rows.host_row.eq(row), rows.host_column.eq(column), rows.host_data.eq(host.data), rows.host_write.eq(host.write),
        ]  # fmt: skip
        with m.FSM(name="access"):
            with m.State("IDLE"), m.If(host.request):
                with m.If(past | ~((host.memory == WEIGHTS) | (host.memory == BIAS))):
                    m.d.comb += host.done.eq(1)
                with m.Elif(host.memory == BIAS):
                    m.d.comb += [host.done.eq(1), host.read.eq(biases[column])]
                    with m.If(host.write):
                        m.d.sync += biases[column].eq(host.data)
                with m.Else():
                    m.d.comb += rows.host.eq(1)
                    m.next = "WORK"
            with m.State("WORK"), m.If(rows.done):
                m.d.comb += [host.done.eq(1), host.read.eq(rows.host_read)]
                m.next = "IDLE"
