"""The input map of the head, twice buffered, pooled as it arrives."""

from amaranth.hdl import Module, Mux, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import LABEL_WIDTH
from bsff_hw.block.slots import SLOTS, Slots
from bsff_hw.interfaces import Planned, beats, index, read_signature
from bsff_hw.parts.odometer import Odometer
from bsff_hw.parts.ram import ram
from bsff_hw.plan import HeadPlan


def word_read_signature(plan: HeadPlan) -> wiring.Signature:
    """Read the unary counts of a beat of the pooled map at work."""
    return read_signature(index(plan.words), plan.beat * plan.levels)


class HeadMap(Planned):
    """Take maps from a stream and hold two of them, a beat a word; model of the pool: `bsff.golden.pool.pool_up`.

    Members
    -------
    input : In(stream)
        Maps, in the order of `layer.forward.maps.MapStore`.
    full, release, label :
        State and label of the map at work, see `block.slots.Slots`; its last word can be read a cycle after `full` has risen.
    words : In(word_read_signature(plan))
    """

    def ports(self, plan: HeadPlan) -> dict:
        return {
            "input": In(beats(plan.beat * plan.levels)),
            "full": Out(1),
            "release": In(1),
            "label": Out(LABEL_WIDTH),
            "words": In(word_read_signature(plan)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan, beat = self._plan, self.input.payload
        m.submodules.slots = slots = Slots()
        height, width, channels = plan.source
        count = channels // plan.beat
        take = Signal()
        place = Odometer(m, {"beat": count, "x": width, "y": height}, advance=take, clear=0)
        m.d.comb += [
            self.input.ready.eq(slots.ready),
            take.eq(self.input.valid & slots.ready),
            slots.arrives.eq(take),
            slots.last.eq(place.last),
            slots.label_in.eq(beat.label),
            slots.release.eq(self.release),
            self.full.eq(slots.full),
            self.label.eq(slots.label),
        ]
        store = ram(unsigned(plan.beat * plan.levels), SLOTS * plan.words)
        m.submodules.store = store
        write, read = store.write_port(), store.read_port()
        # where the pooled row begins, and the beat within it
        line = Signal(range(SLOTS * plan.words))
        x, y = place["x"], place["y"]
        shift = plan.pool - 1
        with m.If(take & place.ends["beat"] & place.ends["x"]):
            with m.If(place.ends["y"]):
                m.d.sync += line.eq(Mux(slots.filling, 0, plan.words))
            with m.Elif(y[0] if shift else 1):
                m.d.sync += line.eq(line + plan.inputs[1] * count)
        address = Signal.like(line)
        fresh, taken, bits = Signal(), Signal(), Signal(plan.beat * plan.levels)
        m.d.sync += [
            taken.eq(take),
            bits.eq(beat.bits),
            write.addr.eq(address),
            fresh.eq(~(x[0] | y[0]) if shift else 1),
        ]
        m.d.comb += [
            address.eq(line + (x >> shift) * count + place["beat"]),
            write.en.eq(taken),
            read.en.eq(self.words.enable),
            read.addr.eq(self.words.address + Mux(slots.working, plan.words, 0)),
            self.words.word.eq(read.data),
        ]
        if shift:
            # consecutive beats meet the same word where a position is one beat
            old = store.read_port(transparent_for=(write,) if count == 1 else ())
            m.d.comb += [old.en.eq(take), old.addr.eq(address), write.data.eq(bits | Mux(fresh, 0, old.data))]
        else:
            m.d.comb += write.data.eq(bits)
        return m
