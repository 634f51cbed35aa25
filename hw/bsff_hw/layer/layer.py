"""One layer that learns by itself: a stream of maps in, a stream of maps out, nothing flows backward.

Integer model: `bsff.golden.layer.run`, step by step.
"""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.contract.formats import ACTIVITY_BITS, ACTIVITY_SHIFT, ACTIVITY_WIDTH
from bsff_hw.block.controller import Controller
from bsff_hw.block.ports import block_ports
from bsff_hw.block.verdict import Verdict
from bsff_hw.host.block_registers import BlockRegisters
from bsff_hw.host.counters import EventCounters
from bsff_hw.interfaces import Planned, beats
from bsff_hw.parts.arithmetic import approached
from bsff_hw.plan import LayerPlan

from .access import Access
from .forward.forward import Forward
from .forward.maps import MapStore
from .goodness import Goodness
from .learning.learning import Learning
from .memories import Memories
from .tally import Tally


class Layer(Planned):
    """A trainable layer of the pipeline.

    Members
    -------
    logits, learn, results, clear, bus, access, idle, completed :
        See `block.ports.block_ports`.
    input : In(stream)
        Maps, `plan.beat` channels a beat.
    output : Out(stream)
        Maps after the pool, `plan.tiles` channels a beat.

    Notes
    -----
    A map is worked off in phases: forward, verdict, and, unless it is frozen or gated, the update; the next map arrives
    meanwhile. `bsff_hw.plan.cycles` gives the cycles of each.
    """

    def ports(self, plan: LayerPlan) -> dict:
        streams = {"input": In(beats(plan.beat * plan.levels)), "output": Out(beats(plan.tiles * plan.tile))}
        return {**streams, **block_ports()}

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        shape = plan.shape
        m.submodules.maps = maps = MapStore(plan)
        m.submodules.forward = forward = Forward(plan)
        m.submodules.tally = tally = Tally(plan)
        m.submodules.goodness = goodness = Goodness(plan)
        m.submodules.verdict = verdict = Verdict(plan.logit_width, plan.classes)
        m.submodules.learning = learning = Learning(plan)
        m.submodules.memories = memories = Memories(plan)
        m.submodules.controller = controller = Controller(plan.classes)
        m.submodules.registers = registers = BlockRegisters(shape.rows, shape.group_channels, plan.channels, layer=True)
        m.submodules.access = access = Access(plan)
        m.submodules.counters = counters = EventCounters()

        # the way of a map
        connect(m, flipped(self.input), maps.input)
        connect(m, forward.pixels, maps.pixels)
        connect(m, learning.planes, maps.planes)
        connect(m, verdict.scores, goodness.scores)
        connect(m, learning.errors, verdict.errors)
        connect(m, verdict.logits, flipped(self.logits))
        self._leave(m)
        # what is learnt
        connect(m, forward.biases, memories.fire_bias)
        connect(m, learning.bias, memories.learn_bias)
        connect(m, learning.bias_write, memories.bias_write)
        connect(m, learning.row, memories.learn_row)
        connect(m, learning.row_write, memories.row_write)
        connect(m, memories.row, forward.row)
        connect(m, memories.write, forward.write)
        connect(m, memories.means, goodness.means)
        # the host
        connect(m, flipped(self.bus), registers.bus)
        connect(m, registers.pbits, forward.generator)
        connect(m, registers.rounding, learning.generator)
        connect(m, flipped(self.access), access.host)
        connect(m, access.row, memories.edit_row)
        connect(m, access.weight, learning.edit)
        connect(m, access.bias, memories.bias_edit)
        connect(m, access.mean, memories.mean_edit)
        m.d.comb += [
            counters.clear.eq(self.clear),
            counters.address.eq(registers.counter_address),
            registers.counter.eq(counters.data),
            access.hold.eq(~memories.cleared),
        ]
        # the order of it all
        connect(m, controller.verdict, verdict.control)
        connect(m, controller.update, learning.phase)
        connect(m, controller.events, counters.events)
        self._control(m)
        difference = Signal(signed(ACTIVITY_WIDTH + 1))
        tallies = Mux(goodness.scanning, goodness.tallies.address, learning.tallies.address)
        m.d.comb += [
            tally.tallies.address.eq(tallies),
            goodness.tallies.word.eq(tally.tallies.word),
            learning.tallies.word.eq(tally.tallies.word),
            goodness.learn.eq(controller.learn),
            goodness.scale.eq(registers.scale),
            learning.step.eq(registers.step),
            learning.activity.eq(registers.activity),
            verdict.label.eq(maps.label),
            controller.gate.eq(registers.gate),
            controller.learn.eq(self.learn & registers.learn),
            registers.activity_set.eq(controller.decided),
            registers.activity_new.eq(approached(registers.activity, difference, ACTIVITY_SHIFT)),
        ]
        # a map is counted long before it is decided on
        m.d.sync += difference.eq((maps.ones << ACTIVITY_BITS) - registers.activity)
        return m

    def _leave(self, m: Module) -> None:
        """The pooled map leaves, and those who sum and learn watch it."""
        parts, leaves = m.submodules, Signal()
        out = parts.forward.output
        m.d.comb += [
            self.output.valid.eq(out.valid),
            self.output.payload.bits.eq(out.payload.count),
            self.output.payload.label.eq(parts.maps.label),
            out.ready.eq(self.output.ready),
            leaves.eq(out.valid & self.output.ready),
        ]
        for watcher in (parts.tally, parts.learning):
            m.d.comb += [watcher.leaving.valid.eq(leaves), watcher.leaving.payload.eq(out.payload)]

    def _control(self, m: Module) -> None:
        """The controller sees the map at work, and the phases of the layer."""
        parts = m.submodules
        controller, learns = parts.controller, Signal()
        begin = controller.forward.start
        m.d.comb += [
            controller.cleared.eq(parts.memories.cleared),
            controller.full.eq(parts.maps.full),
            controller.label.eq(parts.maps.label),
            parts.maps.release.eq(controller.release),
            parts.forward.begin.eq(begin),
            parts.learning.begin.eq(begin),
            parts.tally.begin.eq(begin),
            controller.forward.done.eq(parts.forward.done),
            controller.waiting.eq(self.output.valid & ~self.output.ready),
            controller.listed.eq(parts.forward.listed),
            controller.saturated.eq(parts.learning.saturated),
            controller.show.eq(self.results),
            self.idle.eq(controller.idle),
            self.completed.eq(controller.completed),
            parts.memories.learning.eq(learns),
        ]
        with m.If(controller.update.start):
            m.d.sync += learns.eq(1)
        with m.Elif(controller.update.done):
            m.d.sync += learns.eq(0)
