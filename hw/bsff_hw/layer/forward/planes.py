"""The input maps of a layer by channel and row, for the update."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In

from bsff_hw.block.slots import SLOTS
from bsff_hw.interfaces import index, read_signature
from bsff_hw.parts.ram import ram
from bsff_hw.plan import LayerPlan


def plane_address_layout(plan: LayerPlan) -> data.StructLayout:
    """Which row of each memory, and the beat within the channels of a part.

    There are `plan.gathered` memories; map row y is row ``y // gathered`` of memory ``y % gathered``.
    """
    rows = data.ArrayLayout(index(-(-plan.height // plan.gathered)), plan.gathered)
    return data.StructLayout({"rows": rows, "beat": index(plan.beats_in // plan.parts)})


def plane_word_layout(plan: LayerPlan) -> data.ArrayLayout:
    """Those rows, plane by plane, of a beat of each part's channels."""
    return data.ArrayLayout(data.ArrayLayout(plan.beat * plan.levels * plan.width, plan.gathered), plan.parts)


def plane_read_signature(plan: LayerPlan) -> wiring.Signature:
    """Read a row of each memory, of the map at work."""
    return read_signature(plane_address_layout(plan), plane_word_layout(plan))


def place_counts(plan: LayerPlan) -> dict[str, int]:
    """Coordinates of a beat, the fastest first: beat within a part's group, part, round, column, row."""
    return {
        "beat": plan.group_in // plan.beat,
        "part": plan.parts,
        "turn": plan.rounds,
        "x": plan.width,
        "y": plan.height,
    }


def place_layout(plan: LayerPlan) -> data.StructLayout:
    """Where a beat belongs, see `place_counts`."""
    return data.StructLayout({name: index(count) for name, count in place_counts(plan).items()})


class PlaneStore(wiring.Component):
    """Grow the rows of every channel beat by beat, and keep those of two maps.

    Each beat adds its bits to the row that arrives, which is kept beside until it is whole.

    Members
    -------
    arrives : In(1)
    bits : In(beat * levels)
        A beat.
    place : In(place_layout(plan))
        Where the beat belongs.
    ends : In(1)
        The beat is the last of its pixel.
    filling, working : In(1)
        The slot that the beat belongs to; the slot that `planes` reads.
    planes : In(plane_read_signature(plan))
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        self._rows = -(-plan.height // plan.gathered)
        self._beats = plan.beats_in // plan.parts
        self._word = plan.beat * plan.levels * plan.width
        super().__init__(
            {
                "arrives": In(1),
                "bits": In(plan.beat * plan.levels),
                "place": In(place_layout(plan)),
                "ends": In(1),
                "filling": In(1),
                "working": In(1),
                "planes": In(plane_read_signature(plan)),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        plan, place = self._plan, self.place
        word = self._grow(m)
        beat = Signal(index(self._beats))
        m.d.comb += beat.eq(place.beat + place.turn * (plan.group_in // plan.beat) if plan.rounds > 1 else place.beat)
        address = Signal(index(SLOTS * self._rows * self._beats))
        with m.If(self.arrives):
            m.d.sync += address.eq(self._address(place.y // plan.gathered, beat, self.filling))
        for own in range(plan.gathered):
            row = Signal.like(address, name=f"row{own}")
            m.d.comb += row.eq(self._address(self.planes.address.rows[own], self.planes.address.beat, self.working))
            for part in range(plan.parts):
                store = ram(unsigned(self._word), SLOTS * self._rows * self._beats)
                m.submodules[f"part{part}_rows{own}"] = store
                write, read = store.write_port(), store.read_port()
                chosen = Signal(name=f"chosen{part}_{own}")
                m.d.sync += chosen.eq(self.arrives & (place.part == part) & (place.y % plan.gathered == own))
                m.d.comb += [
                    write.addr.eq(address),
                    write.data.eq(word),
                    write.en.eq(chosen),
                    read.addr.eq(row),
                    read.en.eq(self.planes.enable),
                    self.planes.word[part][own].eq(read.data),
                ]
        return m

    def _grow(self, m: Module) -> Value:
        """The row of the beat's channels with its bits, a cycle after it arrived."""
        plan, x = self._plan, self.place.x
        m.submodules.line = line = ram(unsigned(self._word), plan.beats_in)
        grown = line.write_port()
        # consecutive beats meet the same word where a pixel is one beat
        old = line.read_port(transparent_for=(grown,) if plan.beats_in == 1 else ())
        number = Signal(index(plan.beats_in))
        taken, old_x, bits = Signal(), Signal.like(x), Signal(plan.beat * plan.levels)
        m.d.sync += taken.eq(self.arrives)
        with m.If(self.arrives):
            m.d.sync += [
                number.eq(Mux(self.ends, 0, number + 1)),
                old_x.eq(x),
                bits.eq(self.bits),
                grown.addr.eq(number),
            ]
        begun = Mux(old_x == 0, 0, old.data)
        word = Cat(
            begun[i * plan.width : (i + 1) * plan.width] | (bits[i] << old_x)[: plan.width]
            for i in range(plan.beat * plan.levels)
        )
        m.d.comb += [old.addr.eq(number), old.en.eq(self.arrives), grown.data.eq(word), grown.en.eq(taken)]
        return word

    def _address(self, row: Any, beat: Any, slot: Any) -> Any:
        """Address of a row's beat: row by row, slot after slot."""
        return row * self._beats + beat + Mux(slot, self._rows * self._beats, 0)
