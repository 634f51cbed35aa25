"""The life of a map in a block: forward, verdict, logits for the host, update, counters."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import GATE_WIDTH, LABEL_WIDTH
from bsff_hw.host.counters import events_signature
from bsff_hw.interfaces import phase_signature

from .verdict import verdict_signature


class Controller(wiring.Component):
    """Work off one map after another.

    Parameters
    ----------
    classes : int

    Members
    -------
    cleared : In(1)
        The memories are cleared after a reset; no map is begun before.
    full, label, release : In, In, Out
        A map is at work; its label; the controller is done with it.
    learn, gate, show : In
        Learn from maps whose label error reaches the gate; show logits to the host. Each is sampled when it is needed.
    forward, verdict, update : Out
        The phases, each started when the one before is done. An update is left out where nothing is learnt.
    decided : Out(1)
        For one cycle before an update: the block learns from this map at all, gated or not.
    waiting : In(1)
        The block behind does not take the map.
    listed, saturated : In(16)
        Weight rows read forward and weights clipped, in this cycle.
    events : Out(events_signature())
        What the map did, once it is done with.
    idle : Out(1)
        No map is here or under way.
    completed : Out(1)
        For one cycle: a map is done with.
    """

    def __init__(self, classes: int) -> None:
        super().__init__(
            {
                "cleared": In(1),
                "full": In(1),
                "label": In(LABEL_WIDTH),
                "release": Out(1),
                "learn": In(1),
                "gate": In(GATE_WIDTH),
                "show": In(1),
                "forward": Out(phase_signature()),
                "verdict": Out(verdict_signature(classes)),
                "update": Out(phase_signature()),
                "decided": Out(1),
                "waiting": In(1),
                "listed": In(16),
                "saturated": In(16),
                "events": Out(events_signature()),
                "idle": Out(1),
                "completed": Out(1),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        verdict, events = self.verdict, self.events
        updated, running, finished = Signal(), Signal(), Signal()
        with m.FSM(name="phase"):
            with m.State("CLEAR"), m.If(self.cleared):
                m.next = "IDLE"
            with m.State("IDLE"):
                m.d.comb += [self.idle.eq(~self.full & ~events.busy), self.forward.start.eq(self.full)]
                with m.If(self.full):
                    m.d.sync += updated.eq(0)
                    m.next = "FORWARD"
            with m.State("FORWARD"):
                m.d.comb += running.eq(1)
                with m.If(self.forward.done):
                    m.next = "JUDGE"
            with m.State("JUDGE"):
                m.d.comb += verdict.start.eq(1)
                m.next = "VERDICT"
            with m.State("VERDICT"), m.If(verdict.done):
                m.next = "DECIDE"
                with m.If(self.show):
                    m.next = "SHOW"
            with m.State("SHOW"):
                m.d.comb += verdict.show.eq(1)
                with m.If(verdict.shown):
                    m.next = "DECIDE"
            with m.State("DECIDE"):
                m.d.comb += self.decided.eq(self.learn)
                m.next = "DONE"
                with m.If(self.learn & (verdict.label_error >= self.gate.as_unsigned())):
                    m.d.sync += updated.eq(1)
                    m.next = "BEGIN"
            with m.State("BEGIN"):
                m.d.comb += self.update.start.eq(1)
                m.next = "UPDATE"
            with m.State("UPDATE"), m.If(self.update.done):
                m.next = "DONE"
            with m.State("DONE"):
                m.d.comb += finished.eq(1)
                m.next = "COMMIT"
            with m.State("COMMIT"):
                m.d.comb += [events.commit.eq(1), self.release.eq(1), self.completed.eq(1)]
                m.next = "IDLE"
        self._count(m, updated, running, finished)
        return m

    def _count(self, m: Module, updated: Signal, running: Signal, finished: Signal) -> None:
        """Gather what the map does."""
        counts, begin = self.events.counts, self.forward.start
        # what happens in a cycle is counted in the next one: registers part those who tell from the many that count
        listed, saturated = Signal.like(self.listed), Signal.like(self.saturated)
        stalled, busy, fresh = Signal(), Signal(), Signal()
        m.d.comb += stalled.eq((running & self.waiting) | self.verdict.blocked)
        late_stalled = Signal()
        m.d.sync += [
            listed.eq(self.listed),
            saturated.eq(self.saturated),
            late_stalled.eq(stalled),
            busy.eq(~stalled & ~self.idle & ~begin),
            fresh.eq(begin),
            counts.taps.eq(counts.taps + listed),
            counts.saturations.eq(counts.saturations + saturated),
            counts.stall_cycles.eq(counts.stall_cycles + late_stalled),
            counts.busy_cycles.eq(counts.busy_cycles + busy),
        ]
        with m.If(finished):
            m.d.sync += [
                counts.samples.eq(1),
                counts.correct.eq(self.verdict.best == self.label),
                counts.loss.eq(self.verdict.loss),
                counts.updates.eq(updated),
                counts.update_taps.eq(Mux(updated, counts.taps, 0)),
            ]
        with m.If(fresh):
            # one for the last cycle, in which the counts are taken and nothing is counted any more
            m.d.sync += [counts.eq(0), counts.busy_cycles.eq(1)]
