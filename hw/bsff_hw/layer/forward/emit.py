"""P-bits, pool, and the queue in which beats wait to leave the layer."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.contract.formats import BIAS_WIDTH
from bsff_hw.interfaces import Planned, generator_signature
from bsff_hw.parts.channels import channel_read_signature
from bsff_hw.parts.credits import Credits
from bsff_hw.parts.odometer import Odometer
from bsff_hw.parts.queue import Queue
from bsff_hw.plan import LayerPlan

from .accumulate import sums_layout
from .fire import Fire
from .pool import Pool, pooled_layout

PLACES = 16
"""Of the queue: eight keep up a beat a cycle, from firing to the return of the place; more costs nothing in distributed RAM."""


class Emit(Planned):
    """From sums to the beats of the pooled map.

    A beat fires once a place in the queue is promised to it. So p-bits and pool never wait, and the ready signal of what follows
    ends in the queue.

    Members
    -------
    begin : In(1)
        A map begins.
    done : Out(1)
        Its p-bits have fired and its last beat is gone; until the next `begin`.
    sums : In(stream)
        From `accumulate.Accumulate`.
    ready_ahead : Out(1)
        Whether `sums` is ready in the next cycle.
    biases : Out(channel_read_signature())
    output : Out(stream)
        The pooled map, see `pool.Pool`.
    generator : In(generator_signature())
        The generator of the p-bits.

    Notes
    -----
    A beat a cycle; from taken sums to the first beat seven cycles with a pool, six without.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "begin": In(1),
            "done": Out(1),
            "sums": In(stream.Signature(sums_layout(plan))),
            "ready_ahead": Out(1),
            "biases": Out(channel_read_signature(plan.beats, plan.tiles, BIAS_WIDTH)),
            "output": Out(stream.Signature(pooled_layout(plan))),
            "generator": In(generator_signature()),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        m.submodules.fire = fire = Fire(plan)
        m.submodules.pool = pool = Pool(plan)
        m.submodules.queue = queue = Queue(pooled_layout(plan), PLACES)
        m.submodules.credits = credits = Credits(PLACES)
        connect(m, flipped(self.sums), fire.sums)
        connect(m, fire.biases, flipped(self.biases))
        connect(m, flipped(self.generator), fire.generator)
        connect(m, fire.output, pool.input)
        connect(m, queue.output, flipped(self.output))
        m.d.comb += [
            queue.input.valid.eq(pool.output.valid),  # there is room: it was promised
            queue.input.payload.eq(pool.output.payload),
            fire.room.eq(credits.room),
            fire.room_ahead.eq(credits.room_ahead),
            self.ready_ahead.eq(fire.ready_ahead),
            credits.take.eq(fire.begun),
            credits.back.eq(Cat(pool.absorbed, self.output.valid & self.output.ready)),
        ]
        fired = Signal()
        place = Odometer(m, {"beat": plan.beats, "site": plan.shape.positions}, advance=fire.begun, clear=0)
        with m.If(fire.begun & place.last):
            m.d.sync += fired.eq(1)
        with m.If(self.begin):
            m.d.sync += fired.eq(0)
        m.d.comb += self.done.eq(fired & (credits.used == 0))
        return m
