"""One layer that learns by itself: a stream of maps in, a stream of maps out, nothing flows backward.

Integer model: `bsff.golden.layer.run`, step by step.
"""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.config import CLASSES
from bsff.golden.update import ACTIVITY_BITS, ACTIVITY_SHIFT
from bsff_hw.host.block_registers import BlockRegisters, bus_signature
from bsff_hw.host.counters import INCREMENT, EventCounters
from bsff_hw.host.memory_access import Access, access_signature
from bsff_hw.parts.arithmetic import approached
from bsff_hw.parts.channels import ChannelMemory
from bsff_hw.plan.plan import BIAS_WIDTH, LayerPlan

from .forward.accumulate import Accumulate
from .forward.fire import Fire
from .forward.maps import MapStore, beat_layout
from .forward.pool import Pool
from .forward.window import Window
from .learning.correlate import Correlate
from .learning.learn import Learn
from .learning.passes import Passes
from .learning.response import ResponseMap
from .learning.rows import Rows
from .learning.sites import Sites
from .learning.update import RowUpdate
from .scan import Counters
from .verdict.goodness import Goodness, logit_width
from .verdict.softmax import Softmax

RESULT_DEPTH = 2 * CLASSES


class Layer(wiring.Component):
    """A trainable layer of the pipeline.

    Parameters
    ----------
    plan : LayerPlan

    Members
    -------
    input : In(stream)
        Maps, see `maps.MapStore`.
    output : Out(stream)
        Maps after the pool, `plan.tiles` channels a transfer.
    logits : Out(stream)
        Ten logits a sample, if `results`.
    learn, results : In(1)
        CONTROL.learn and CONTROL.results.
    clear : In(1)
        Set the counters to 0.
    bus : In(bus_signature())
    access : In(access_signature())
    idle : Out(1)
        No map is here or under way.
    completed : Out(1)
        For one cycle: a sample is done with.

    Notes
    -----
    A map is worked off in phases: forward, judgement, and, unless it is frozen or gated, the update; the next map arrives
    meanwhile. `bsff_hw.plan.folding` gives the cycles of each.
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        super().__init__(
            {
                "input": In(stream.Signature(beat_layout(plan.beat * plan.levels))),
                "output": Out(stream.Signature(beat_layout(plan.tiles * plan.tile))),
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
        m.submodules.registers = self._registers = BlockRegisters(
            plan.shape.rows, plan.shape.group_channels, plan.channels, layer=True
        )
        m.submodules.maps = self._maps = MapStore(plan)
        m.submodules.window = self._window = Window(plan)
        m.submodules.accumulate = self._accumulate = Accumulate(plan)
        m.submodules.fire = self._fire = Fire(plan)
        m.submodules.pool = self._pool = Pool(plan)
        m.submodules.responses = self._responses = ResponseMap(plan)
        m.submodules.goodness = self._goodness = Goodness(plan)
        m.submodules.softmax = self._softmax = Softmax(logit_width(plan))
        m.submodules.passes = self._passes = Passes(plan)
        m.submodules.sites = self._sites = Sites(plan)
        m.submodules.correlate = self._correlate = Correlate(plan)
        m.submodules.rows = self._rows = Rows(plan)
        m.submodules.update = self._update = RowUpdate(plan)
        m.submodules.learner = self._learner = Learn(plan)
        m.submodules.bias = self._bias = ChannelMemory(plan.channels, plan.tiles, BIAS_WIDTH)
        m.submodules.access = self._access = Access(plan)
        m.submodules.counters = self._counters = EventCounters()
        m.submodules.results = self._results = fifo.SyncFIFO(width=32, depth=RESULT_DEPTH)
        connect(m, flipped(self.input), self._maps.input)
        connect(m, flipped(self.bus), self._registers.bus)
        connect(m, flipped(self.access), self._access.host)
        self._forward(m)
        self._judge(m)
        self._learning(m)
        self._host(m)
        self._control(m)
        return m

    # ---- wiring

    def _forward(self, m: Module) -> None:
        maps, window, accumulate, fire, pool = self._maps, self._window, self._accumulate, self._fire, self._pool
        out = pool.output
        taken = Signal()
        m.d.comb += [
            maps.pixel_enable.eq(window.enable),
            maps.pixel_address.eq(window.address),
            window.pixel.eq(maps.pixel),
            accumulate.window_valid.eq(window.valid),
            accumulate.window.eq(window.window),
            window.next.eq(accumulate.window_next),
            fire.sums.eq(accumulate.sums),
            fire.valid.eq(accumulate.valid),
            accumulate.ready.eq(fire.ready),
            self.output.valid.eq(out.valid),
            self.output.payload.bits.eq(out.payload.count),
            self.output.payload.label.eq(maps.label),
            out.ready.eq(self.output.ready),
            taken.eq(out.valid & self.output.ready),
            self._responses.take.eq(taken),
            self._responses.fired.eq(out.payload),
            self._goodness.take.eq(taken),
            self._goodness.fired.eq(out.payload),
        ]
        connect(m, fire.output, pool.input)

    def _judge(self, m: Module) -> None:
        registers, softmax = self._registers, self._softmax
        m.d.comb += [
            self._goodness.scale.eq(registers.scale),
            self._goodness.tally_block.eq(self._learner.tally_block),
            softmax.logit.eq(self._goodness.logit),
            softmax.label.eq(self._maps.label),
        ]

    def _learning(self, m: Module) -> None:
        maps, sites, correlate, rows = self._maps, self._sites, self._correlate, self._rows
        update, learner, accumulate = self._update, self._learner, self._accumulate
        passes, registers = self._passes, self._registers
        m.d.comb += [
            self._softmax.error_number.eq(learner.error_number),
            learner.error.eq(self._softmax.error),
            learner.step.eq(registers.step),
            learner.activity.eq(registers.activity),
            learner.tally.eq(self._goodness.tally),
            learner.bias.eq(self._bias.read),
            learner.coefficient_address.eq(update.coefficient_address),
            learner.moved_valid.eq(update.moved_valid),
            learner.moved_first.eq(update.moved_first),
            learner.moved_address.eq(update.moved_address),
            learner.moved.eq(update.moved),
            learner.rows_done.eq(rows.done),
            passes.start.eq(learner.rows),
            rows.start.eq(learner.rows),
            sites.pass_valid.eq(passes.valid),
            sites.pass_payload.eq(passes.payload),
            passes.ready.eq(sites.pass_ready),
            maps.plane_enable.eq(sites.plane_enable),
            maps.plane_row.eq(sites.plane_row),
            maps.plane_block.eq(sites.plane_block),
            sites.planes.eq(maps.planes),
            correlate.chunk_valid.eq(sites.valid),
            correlate.inputs.eq(sites.inputs),
            correlate.base.eq(sites.base),
            correlate.first.eq(sites.first),
            correlate.last.eq(sites.last),
            sites.next.eq(correlate.chunk_next),
            self._responses.enable.eq(correlate.enable),
            self._responses.address.eq(correlate.address),
            correlate.words.eq(self._responses.words),
            rows.sums_valid.eq(correlate.valid),
            correlate.ready.eq(rows.sums_ready),
            rows.free.eq(update.free),
            rows.busy.eq(update.busy),
            update.sums.eq(correlate.sums),
            update.rows.eq(accumulate.row),
            update.fold.eq(rows.fold),
            update.first.eq(rows.first),
            update.dither.eq(rows.dither),
            update.coefficients.eq(learner.coefficients),
            registers.pbits.eq(self._fire.state),
            registers.rounding.eq(rows.state),
            self._fire.load.eq(registers.load[:2]),
            self._fire.load_data.eq(registers.load_data),
            rows.load.eq(registers.load[2:]),
            rows.load_data.eq(registers.load_data),
        ]

    def _host(self, m: Module) -> None:
        """Accesses of the host share the way of the update."""
        access, rows, update, accumulate = self._access, self._rows, self._update, self._accumulate
        m.d.comb += [
            accumulate.row_enable.eq(rows.fetch | access.fetch),
            accumulate.row_bank.eq(Mux(access.fetch, access.bank, rows.bank)),
            accumulate.row_address.eq(Mux(access.fetch, access.address, rows.address)),
            update.begin.eq(rows.begin | access.begin),
            update.host.eq(access.begin),
            update.bank.eq(Mux(access.begin, access.bank, rows.bank)),
            update.address.eq(Mux(access.begin, access.address, rows.address)),
            update.host_write.eq(self.access.write),
            update.host_part.eq(access.part),
            update.host_lane.eq(access.lane),
            update.host_step.eq(access.step),
            update.host_data.eq(self.access.data),
            access.free.eq(update.free),
            access.done.eq(update.host_done),
            access.weight.eq(update.host_read),
            access.bias.eq(self._bias.read[access.unit]),
            access.mean.eq(self._goodness.mean_read),
        ]

    # ---- control

    def _control(self, m: Module) -> None:
        plan = self._plan
        maps, registers, counters = self._maps, self._registers, self._counters
        events = counters.events
        learn, updated, clearing = Signal(), Signal(), Signal(init=1)
        forward, waiting, blocked = Signal(), Signal(), Signal()
        position = Counters(
            m, {"block": plan.blocks, "site": plan.shape.conv[0] * plan.shape.conv[1]},
            advance=self._fire.output.valid & self._fire.output.ready, clear=0, prefix="fired_",
        )  # fmt: skip
        fired = Signal()  # every p-bit of the map has
        begin = Signal()
        m.d.comb += [
            learn.eq(self.learn & registers.learn),
            self._window.start.eq(begin),
            self._responses.start.eq(begin),
            self._goodness.begin.eq(begin),
            self._goodness.learn.eq(learn),
            counters.clear.eq(self.clear),
            counters.address.eq(registers.counter_address),
            registers.counter.eq(counters.data),
            waiting.eq(self.output.valid & ~self.output.ready),
            self._goodness.number.eq(self._softmax.number),
        ]
        with m.If(self._fire.output.valid & self._fire.output.ready & position.last):
            m.d.sync += fired.eq(1)

        number = Signal(range(CLASSES + 1))
        change = (maps.ones << ACTIVITY_BITS) - registers.activity
        m.d.comb += registers.activity_new.eq(approached(registers.activity, change, ACTIVITY_SHIFT))
        with m.FSM(name="phase"):
            with m.State("CLEAR"), m.If(~clearing):
                m.next = "IDLE"
            with m.State("IDLE"):
                m.d.comb += self.idle.eq(~maps.full & ~counters.busy)
                with m.If(maps.full):
                    m.d.comb += begin.eq(1)
                    m.d.sync += [fired.eq(0), events.eq(0), updated.eq(0), number.eq(0)]
                    m.next = "FORWARD"
            with m.State("FORWARD"):
                m.d.comb += forward.eq(1)
                m.d.sync += events.taps.eq(events.taps + self._accumulate.listed)
                with m.If(fired & ~self._pool.busy & ~waiting):
                    m.next = "SETTLE"
            with m.State("SETTLE"):  # the last tally is being written
                m.d.comb += self._goodness.start.eq(1)
                m.next = "JUDGE"
            with m.State("JUDGE"):
                m.d.comb += self._softmax.start.eq(self._goodness.done)
                with m.If(self._goodness.done):
                    m.next = "SOFTMAX"
            with m.State("SOFTMAX"), m.If(self._softmax.done):
                m.next = "DECIDE"
                with m.If(self.results):
                    m.next = "RESULTS"
            with m.State("RESULTS"):
                m.d.comb += [
                    self._goodness.number.eq(number),
                    self._results.w_data.eq(self._goodness.logit),
                    self._results.w_en.eq(self._results.w_rdy),
                ]
                m.d.comb += blocked.eq(~self._results.w_rdy)
                with m.If(self._results.w_rdy):
                    m.d.sync += number.eq(number + 1)
                    with m.If(number == CLASSES - 1):
                        m.next = "DECIDE"
            with m.State("DECIDE"):
                m.d.comb += registers.activity_set.eq(learn)
                m.next = "DONE"
                with m.If(learn & (self._softmax.label_error >= registers.gate.as_unsigned())):
                    m.d.sync += updated.eq(1)
                    m.next = "BEGIN"
            with m.State("BEGIN"):
                m.d.comb += self._learner.start.eq(1)
                m.next = "LEARN"
            with m.State("LEARN"), m.If(self._learner.done):
                m.next = "DONE"
            with m.State("DONE"):
                m.d.sync += [
                    events.samples.eq(1),
                    events.correct.eq(self._softmax.best == maps.label),
                    events.loss.eq(self._softmax.loss),
                    events.updates.eq(updated),
                    events.update_taps.eq(Mux(updated, events.taps, 0)),
                ]
                m.next = "COMMIT"
            with m.State("COMMIT"):
                m.d.comb += [counters.commit.eq(1), maps.release.eq(1), self.completed.eq(1)]
                m.next = "IDLE"
        with m.If(forward & waiting | blocked):
            m.d.sync += events.stall_cycles.eq(events.stall_cycles + 1)
        with m.Elif(~self.idle & ~begin):
            m.d.sync += events.busy_cycles.eq(events.busy_cycles + 1)
        with m.If(self._update.moved_valid):
            m.d.sync += events.saturations.eq(events.saturations + self._update.saturated)
        self._write_ports(m, clearing)
        m.d.comb += [
            self.logits.valid.eq(self._results.r_rdy),
            self.logits.payload.eq(self._results.r_data.as_signed()),
            self._results.r_en.eq(self.logits.ready),
        ]
        assert len(events.taps) == INCREMENT

    def _write_ports(self, m: Module, clearing: Signal) -> None:
        """After a reset every memory is cleared; then the update or the host writes."""
        plan = self._plan
        access, learner, update, accumulate, bias = (
            self._access, self._learner, self._update, self._accumulate, self._bias,
        )  # fmt: skip
        goodness = self._goodness
        last = max(plan.depth, plan.channels)
        word = Signal(range(last))
        with m.If(clearing):
            m.d.sync += word.eq(word + 1)
            with m.If(word == last - 1):
                m.d.sync += clearing.eq(0)
        m.d.comb += [
            access.hold.eq(clearing),
            accumulate.write_address.eq(Mux(clearing, word, update.write_address)),
            bias.read_enable.eq(self._fire.bias_enable),
        ]
        for part in range(plan.parts):
            # what the update would write is 0 after a reset, and stays so while the host's accesses wait
            m.d.comb += [
                accumulate.write[part].eq(Mux(clearing, 2**plan.banks - 1, update.write[part])),
                accumulate.write_rows[part].eq(update.write_rows[part]),
            ]
        # the biases are read by the tiles, then by the update, else by the host
        learning = Signal()
        with m.If(learner.start):
            m.d.sync += learning.eq(1)
        with m.Elif(learner.done):
            m.d.sync += learning.eq(0)
        with m.If(clearing):
            m.d.comb += [bias.write_block.eq(word), bias.write_mask.eq(2**plan.tiles - 1)]
        with m.Elif(access.bias_write):
            m.d.comb += [bias.write_block.eq(access.block), bias.write_mask.eq(1 << access.unit)]
        with m.Else():
            m.d.comb += [bias.write_block.eq(learner.bias_write_block), bias.write_mask.eq(learner.bias_mask)]
        value = Mux(clearing, 0, Mux(access.bias_write, self.access.data, learner.bias_write))
        m.d.comb += [bias.write[unit].eq(value) for unit in range(plan.tiles)]
        m.d.comb += [
            self._fire.bias.eq(bias.read),
            bias.read_block.eq(
                Mux(learning, learner.bias_block, Mux(self.access.request, access.block, self._fire.bias_block))
            ),
            goodness.mean_address.eq(Mux(clearing, word, access.channel)),
            goodness.mean_write.eq(clearing | access.mean_write),
            goodness.mean_data.eq(Mux(clearing, 0, self.access.data)),
        ]
