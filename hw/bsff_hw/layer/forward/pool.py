"""2x2 max-pool of counts, 1x2 on a map of one row, in which the winner alone responds. Integer model: `bsff.golden.pool.pool`."""

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import Planned
from bsff_hw.parts.odometer import Odometer
from bsff_hw.parts.ram import ram
from bsff_hw.plan import LayerPlan

from .fire import fired_layout


def pooled_layout(plan: LayerPlan) -> data.StructLayout:
    """Counts in unary and responses as before the pool, and which position of the window won, in raster order."""
    return data.StructLayout(
        {
            "count": data.ArrayLayout(unsigned(plan.tile), plan.tiles),
            "response": data.ArrayLayout(unsigned(plan.response_width), plan.tiles),
            "winner": data.ArrayLayout(unsigned(2), plan.tiles),
        }
    )


def leaving_signature(plan: LayerPlan) -> wiring.Signature:
    """A beat that leaves the layer, for those who watch: they cannot hold it up."""
    return wiring.Signature({"valid": Out(1), "payload": Out(pooled_layout(plan))})


class Pool(Planned):
    """Pool a map that streams through, with one line of the pooled map kept.

    Counts are unary, so their maximum is an OR. Ties go to the first position; an odd last row or column is dropped.

    Members
    -------
    input : In(stream, always ready)
        From `fire.Fire`.
    output : Out(stream, always ready)
        Windows in raster order, channels rising; without a pool every position, winner 0.
    absorbed : Out(1)
        A beat has come for which none leaves: its window is not complete, or it lies in an odd last row or column. In the cycle in
        which another would leave.

    Notes
    -----
    One beat a cycle; latency one cycle (none without a pool).
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "input": In(stream.Signature(fired_layout(plan), always_ready=True)),
            "output": Out(stream.Signature(pooled_layout(plan), always_ready=True)),
            "absorbed": Out(1),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        if not plan.pooled:
            m.d.comb += [
                self.output.valid.eq(self.input.valid),
                self.output.payload.count.eq(self.input.payload.count),
                self.output.payload.response.eq(self.input.payload.response),
            ]
            return m

        (height, width), last = plan.shape.conv[:2], plan.site_bits - 1
        take = self.input.valid
        place = Odometer(m, {"beat": plan.beats, "x": width, "y": height}, advance=take, clear=0)
        x, y = place["x"], place["y"]
        line = ram(unsigned(pooled_layout(plan).size), plan.shape.output[1] * plan.beats)
        m.submodules.line = line
        write = line.write_port()
        # consecutive beats meet the same word only where a position is one beat
        read = line.read_port(transparent_for=(write,) if plan.beats == 1 else ())
        high, wide = plan.pool
        inside = (x < wide * plan.shape.output[1]) & (y < high * plan.shape.output[0])
        # where the window's beat lies in the line: the beats of a pair of columns are met twice
        at, pair = Signal.like(read.addr), Signal.like(read.addr)
        m.d.comb += [read.en.eq(take), read.addr.eq(at)]
        with m.If(take):
            m.d.sync += at.eq(at + 1)
            with m.If(place.ends["beat"] & place.ends["x"]):
                m.d.sync += [at.eq(0), pair.eq(0)]
            with m.Elif(place.ends["beat"] & x[0]):
                m.d.sync += pair.eq(at + 1)
            with m.Elif(place.ends["beat"]):
                m.d.sync += at.eq(pair)

        came, valid, number = Signal(), Signal(), Signal(2)  # of the position in its window
        held = Signal(fired_layout(plan))
        m.d.sync += [
            came.eq(take),
            valid.eq(take & inside),
            number.eq(2 * y[0] + x[0]),
            held.eq(self.input.payload),
            write.addr.eq(read.addr),
        ]
        best = data.View(pooled_layout(plan), read.data)
        merged = Signal(pooled_layout(plan))
        for unit in range(plan.tiles):
            better = Signal(name=f"better{unit}")
            m.d.comb += [
                better.eq((number == 0) | (held.count[unit] & ~best.count[unit]).any()),
                merged.count[unit].eq(held.count[unit] | Mux(number == 0, 0, best.count[unit])),
                merged.response[unit].eq(Mux(better, held.response[unit], best.response[unit])),
                merged.winner[unit].eq(Mux(better, number, best.winner[unit])),
            ]
        m.d.comb += [
            write.data.eq(merged),
            write.en.eq(valid & (number != last)),
            self.output.valid.eq(valid & (number == last)),
            self.output.payload.eq(merged),
            self.absorbed.eq(came & ~self.output.valid),
        ]
        return m
