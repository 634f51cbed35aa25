"""The input map of a layer, twice buffered and kept in two orders: by pixel for the forward pass, by channel for the update."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.parts.arithmetic import total
from bsff_hw.parts.ram import ram
from bsff_hw.plan.plan import LayerPlan

SLOTS = 2
"""Maps held: one at work, one arriving."""
LABEL_BITS = 4


def beat_layout(bits: int) -> data.StructLayout:
    """A transfer between layers: activations of consecutive channels in unary, and the label of their sample."""
    return data.StructLayout({"bits": unsigned(bits), "label": unsigned(LABEL_BITS)})


class MapStore(wiring.Component):
    """Take maps from a stream and hold two of them.

    Parameters
    ----------
    plan : LayerPlan

    Members
    -------
    input : In(stream)
        Positions in raster order, channels rising, `plan.beat` channels a transfer; ready while a slot is free.
    full : Out(1)
        A map is complete; it stays until `release`.
    release : In(1)
    label : Out(4)
    ones : Out(plan.ones_width)
        Sum of the map.
    pixel_enable : In(1)
    pixel_address : In
        Row * width + column.
    pixel : Out(channels_in * levels)
        One cycle after the address.
    plane_enable : In(1)
    plane_row : In(ArrayLayout(.., 2))
        Half the number of an even and of an odd row.
    plane_block : In
        Transfer, within the channels of a part.
    planes : Out(ArrayLayout(ArrayLayout(beat * levels * width, 2), parts))
        Those two rows, plane by plane, of each part's channels; one cycle after the address.
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        self._half = -(-plan.height // 2)
        self._blocks = plan.blocks_in // plan.parts
        self._word = plan.beat * plan.levels * plan.width
        super().__init__(
            {
                "input": In(stream.Signature(beat_layout(plan.beat * plan.levels))),
                "full": Out(1),
                "release": In(1),
                "label": Out(LABEL_BITS),
                "ones": Out(plan.ones_width),
                "pixel_enable": In(1),
                "pixel_address": In(range(max(2, plan.height * plan.width))),
                "pixel": Out(plan.channels_in * plan.levels),
                "plane_enable": In(1),
                "plane_row": In(data.ArrayLayout(unsigned(max(1, (self._half - 1).bit_length())), 2)),
                "plane_block": In(range(max(2, self._blocks))),
                "planes": Out(data.ArrayLayout(data.ArrayLayout(self._word, 2), plan.parts)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        filling, working = Signal(range(SLOTS)), Signal(range(SLOTS))
        held = Signal(range(SLOTS + 1))
        labels = Signal(data.ArrayLayout(LABEL_BITS, SLOTS))
        ones = Signal(data.ArrayLayout(plan.ones_width, SLOTS))
        take = Signal()
        last = Signal()
        m.d.comb += [
            self.input.ready.eq(held != SLOTS),
            take.eq(self.input.valid & self.input.ready),
            self.full.eq(held != 0),
            self.label.eq(labels[working]),
            self.ones.eq(ones[working]),
        ]

        # where we are in the map: block within a part's group, part, round, column, row
        group_blocks = plan.group_in // plan.beat
        block, part, turn = (
            Signal(range(max(2, group_blocks))),
            Signal(range(max(2, plan.parts))),
            Signal(range(max(2, plan.rounds))),
        )
        x, y = Signal(range(max(2, plan.width))), Signal(range(max(2, plan.height)))
        end_block, end_part, end_turn = block == group_blocks - 1, part == plan.parts - 1, turn == plan.rounds - 1
        end_pixel = Signal()
        m.d.comb += [
            end_pixel.eq(end_block & end_part & end_turn),
            last.eq(end_pixel & (x == plan.width - 1) & (y == plan.height - 1)),
        ]
        first = Signal(init=1)
        with m.If(take):
            m.d.sync += [block.eq(Mux(end_block, 0, block + 1)), first.eq(last)]
            with m.If(end_block):
                m.d.sync += part.eq(Mux(end_part, 0, part + 1))
                with m.If(end_part):
                    m.d.sync += turn.eq(Mux(end_turn, 0, turn + 1))
            with m.If(end_pixel):
                m.d.sync += x.eq(Mux(x == plan.width - 1, 0, x + 1))
                with m.If(x == plan.width - 1):
                    m.d.sync += y.eq(Mux(y == plan.height - 1, 0, y + 1))
            m.d.sync += [
                labels[filling].eq(self.input.payload.label),
                ones[filling].eq(Mux(first, 0, ones[filling]) + total(list(self.input.payload.bits))),
            ]
            with m.If(last):
                m.d.sync += filling.eq(filling + 1)
        with m.If(self.release):
            m.d.sync += working.eq(working + 1)
        m.d.sync += held.eq(held + (take & last) - self.release)

        self._pixels(m, take, end_pixel, filling, working)
        self._planes(m, take, filling, working, group_blocks, block, part, turn, x, y, end_pixel)
        return m

    def _pixels(self, m: Module, take: Any, end_pixel: Any, filling: Any, working: Any) -> None:
        """Words of a pixel's channels, assembled from transfers."""
        plan = self._plan
        size = plan.height * plan.width
        m.submodules.pixels = store = ram(unsigned(plan.channels_in * plan.levels), SLOTS * size)
        write, read = store.write_port(), store.read_port()
        collected = Signal(plan.channels_in * plan.levels)
        shifted = Cat(collected, self.input.payload.bits)[plan.beat * plan.levels :]
        address = Signal(range(SLOTS * size))
        with m.If(take):
            m.d.sync += collected.eq(shifted)
            with m.If(end_pixel):
                m.d.sync += address.eq(Mux(address == SLOTS * size - 1, 0, address + 1))
        m.d.comb += [
            write.addr.eq(address),
            write.data.eq(shifted),
            write.en.eq(take & end_pixel),
            read.en.eq(self.pixel_enable),
            read.addr.eq(self.pixel_address + Mux(working, size, 0)),
            self.pixel.eq(read.data),
        ]

    def _planes(
        self, m: Module, take: Any, filling: Any, working: Any, group_blocks: int, block: Any, part: Any, turn: Any,
        x: Any, y: Any, end_pixel: Any,
    ) -> None:  # fmt: skip
        """Rows of a channel: each transfer adds its bits to the row that arrives, which is kept beside until it is whole."""
        plan = self._plan
        where = Signal(range(max(2, self._blocks)))
        m.d.comb += where.eq(block + turn * group_blocks if plan.rounds > 1 else block)
        m.submodules.line = line = ram(unsigned(self._word), plan.blocks_in)
        grown = line.write_port()
        # consecutive transfers meet the same word where a pixel is one transfer
        old = line.read_port(transparent_for=(grown,) if plan.blocks_in == 1 else ())
        number = Signal(range(max(2, plan.blocks_in)))
        taken, old_x, bits = Signal(), Signal.like(x), Signal(plan.beat * plan.levels)
        m.d.sync += taken.eq(take)
        with m.If(take):
            m.d.sync += [
                number.eq(Mux(end_pixel, 0, number + 1)),
                old_x.eq(x),
                bits.eq(self.input.payload.bits),
                grown.addr.eq(number),
            ]
        begun = Mux(old_x == 0, 0, old.data)
        word = Cat(
            begun[i * plan.width : (i + 1) * plan.width] | (bits[i] << old_x)[: plan.width]
            for i in range(plan.beat * plan.levels)
        )
        m.d.comb += [old.addr.eq(number), old.en.eq(take), grown.data.eq(word), grown.en.eq(taken)]

        address = Signal(range(max(2, SLOTS * self._half * self._blocks)))
        with m.If(take):
            m.d.sync += address.eq(_flat(y >> 1, where, self._blocks, filling, self._half))
        for parity in range(2):
            row_address = Signal(range(max(2, SLOTS * self._half * self._blocks)), name=f"row_address{parity}")
            m.d.comb += row_address.eq(
                _flat(self.plane_row[parity], self.plane_block, self._blocks, working, self._half)
            )
            for own in range(plan.parts):
                store = ram(unsigned(self._word), SLOTS * self._half * self._blocks)
                m.submodules[f"planes{own}_{'even' if parity == 0 else 'odd'}"] = store
                write, read = store.write_port(), store.read_port()
                chosen = Signal(name=f"chosen{own}_{parity}")
                m.d.sync += chosen.eq(take & (part == own) & (y[0] == parity))
                m.d.comb += [
                    write.addr.eq(address),
                    write.data.eq(word),
                    write.en.eq(chosen),
                    read.addr.eq(row_address),
                    read.en.eq(self.plane_enable),
                    self.planes[own][parity].eq(read.data),
                ]


def _flat(row: Any, block: Any, blocks: int, slot: Any, rows: int) -> Any:
    """Address of a row's transfer: row by row, slot after slot."""
    return row * blocks + block + Mux(slot, rows * blocks, 0)
