"""The softmax head: one lane a class, no p-bits, the same local rule. Integer model: `bsff.golden.head.run`."""

from amaranth.hdl import Module, Mux
from amaranth.lib.wiring import connect, flipped

from bsff_hw.block.controller import Controller
from bsff_hw.block.ports import block_ports
from bsff_hw.block.verdict import Verdict
from bsff_hw.host.block_registers import BlockRegisters
from bsff_hw.host.counters import EventCounters
from bsff_hw.interfaces import Planned
from bsff_hw.plan import HeadPlan

from .access import HeadAccess
from .gains import HeadGains
from .maps import HeadMaps, input_ports
from .rows import HeadRows
from .scores import HeadScores


class Head(Planned):
    """Classify by the maps of layers, and learn to.

    Members
    -------
    input0, ... : In(stream)
        See `maps.input_ports`.
    logits, learn, results, clear, bus, access, idle, completed :
        See `block.ports.block_ports`.

    Notes
    -----
    Forward and update each read one word of the maps a cycle or, where more of its bits are on, one weight row.
    """

    def ports(self, plan: HeadPlan) -> dict:
        return {**input_ports(plan), **block_ports()}

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        m.submodules.maps = maps = HeadMaps(plan)
        m.submodules.rows = rows = HeadRows(plan)
        m.submodules.scores = scores = HeadScores(plan)
        m.submodules.verdict = verdict = Verdict(plan.logit_width, plan.classes)
        m.submodules.gains = gains = HeadGains(plan.classes)
        m.submodules.controller = controller = Controller(plan.classes)
        m.submodules.registers = registers = BlockRegisters(plan.rows, plan.classes, plan.classes, layer=False)
        m.submodules.access = access = HeadAccess(plan)
        m.submodules.counters = counters = EventCounters()
        for name in input_ports(plan):
            connect(m, flipped(getattr(self, name)), getattr(maps, name))
        connect(m, rows.words, maps.words)
        connect(m, verdict.scores, scores.scores)
        connect(m, gains.errors, verdict.errors)
        connect(m, verdict.logits, flipped(self.logits))
        connect(m, flipped(self.bus), registers.bus)
        connect(m, registers.rounding, rows.generator)
        connect(m, flipped(self.access), access.host)
        connect(m, access.weight, rows.weight)
        connect(m, controller.verdict, verdict.control)
        connect(m, controller.events, counters.events)
        m.d.comb += [
            # forward, then scores; gains and biases, then rows
            rows.forward.eq(controller.forward.start),
            controller.forward.done.eq(rows.done),
            scores.sums.eq(rows.sums),
            scores.bias.eq(gains.bias),
            gains.number.eq(Mux(scores.asking, scores.number, access.column)),
            gains.phase.start.eq(controller.update.start),
            gains.step.eq(registers.step),
            rows.update.eq(gains.phase.done),
            rows.gains.eq(gains.gains),
            controller.update.done.eq(rows.done),
            controller.listed.eq(rows.listed),
            controller.saturated.eq(rows.saturated),
            # the sample at work
            controller.cleared.eq(rows.idle & gains.cleared),
            controller.full.eq(maps.full),
            controller.label.eq(maps.label),
            maps.release.eq(controller.release),
            verdict.label.eq(maps.label),
            # the host
            access.weight_done.eq(rows.done),
            access.bias.eq(gains.bias),
            gains.write.eq(access.bias_write),
            gains.data.eq(self.access.data),
            controller.learn.eq(self.learn & registers.learn),
            controller.gate.eq(registers.gate),
            controller.show.eq(self.results),
            counters.clear.eq(self.clear),
            counters.address.eq(registers.counter_address),
            registers.counter.eq(counters.data),
            self.idle.eq(controller.idle),
            self.completed.eq(controller.completed),
        ]
        return m
