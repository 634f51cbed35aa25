"""A map that the head reads, held in a ring of slots and pooled as it arrives."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import LABEL_WIDTH
from bsff_hw.block.slots import Slots
from bsff_hw.interfaces import Planned, beats, index, read_signature
from bsff_hw.parts.odometer import Odometer
from bsff_hw.parts.ram import ram
from bsff_hw.plan.head import SourcePlan


class SourceMap(Planned):
    """Take maps from a stream and hold some of them, a beat a word; model of the pool: `bsff.golden.pool.pool_up`.

    A window of the largest count keeps the OR of its unary counts; one of the sum keeps the bits of its positions side by side,
    so that as many are on as the sum says.

    Members
    -------
    input : In(stream)
        Maps, in the order of `layer.forward.maps.MapStore`.
    full, release, label :
        State and label of the map at work, see `block.slots.Slots`; its last word can be read a cycle after `full` has risen.
    words : In(read_signature(index(plan.words), plan.word))
    """

    def ports(self, plan: SourcePlan) -> dict:
        return {
            "input": In(beats(plan.beat * plan.tile)),
            "full": Out(1),
            "release": In(1),
            "label": Out(LABEL_WIDTH),
            "words": In(read_signature(index(plan.words), plan.word)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan, beat = self._plan, self.input.payload
        m.submodules.slots = slots = Slots(plan.slots)
        height, width, channels = plan.map
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
        depth = plan.slots * plan.words
        store = ram(unsigned(plan.word), depth)
        m.submodules.store = store
        write, read = store.write_port(), store.read_port()
        # where the slot at work, the slot that fills, and the pooled row in it begin
        working, filling, line = Signal(range(depth)), Signal(range(depth)), Signal(range(depth))

        def next_slot(number: Signal, base: Signal) -> Any:
            return Mux(number == plan.slots - 1, 0, base + plan.words)

        x, y, shift = place["x"], place["y"], plan.shape.window.bit_length() - 1
        inside = Cat(x[:shift], y[:shift])
        with m.If(self.release):
            m.d.sync += working.eq(next_slot(slots.working, working))
        with m.If(take & place.ends["beat"] & place.ends["x"]):
            with m.If(place.ends["y"]):
                m.d.sync += [filling.eq(next_slot(slots.filling, filling)), line.eq(next_slot(slots.filling, filling))]
            with m.Elif(y[:shift].all() if shift else 1):
                m.d.sync += line.eq(line + plan.inputs[1] * count)
        address = Signal.like(line)
        fresh, taken, late = Signal(), Signal(), Signal.like(beat.bits)
        m.d.sync += [taken.eq(take), late.eq(beat.bits), write.addr.eq(address), fresh.eq(~inside.any())]
        m.d.comb += [
            address.eq(line + (x >> shift) * count + place["beat"]),
            write.en.eq(taken),
            read.en.eq(self.words.enable),
            read.addr.eq(self.words.address + working),
            self.words.word.eq(read.data),
        ]
        if shift:
            # consecutive beats meet the same word where a position is one beat
            old = store.read_port(transparent_for=(write,) if count == 1 else ())
            m.d.comb += [
                old.en.eq(take),
                old.addr.eq(address),
                write.data.eq(self._placed(m, late, x, y) | Mux(fresh, 0, old.data)),
            ]
        else:
            m.d.comb += write.data.eq(late)
        return m

    def _placed(self, m: Module, late: Signal, x: Signal, y: Signal) -> Any:
        """The bits of a beat where its position in the window keeps them."""
        plan = self._plan
        if not plan.summed:
            return late
        high, wide = plan.window
        shift = plan.shape.window.bit_length() - 1
        row, column = Signal(index(high)), Signal(index(wide))
        m.d.sync += [row.eq(y[:shift]), column.eq(x[:shift])]
        units = [late[i * plan.tile : (i + 1) * plan.tile] for i in range(plan.beat)]
        return Cat(
            Mux((row == r) & (column == c), unit, 0)[: plan.tile]
            for unit in units
            for r in range(high)
            for c in range(wide)
        )
