"""What each update lane keeps for its channels: coefficients for the rows, and sums of the changes that the rows made."""

from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import Planned
from bsff_hw.layer.scan import channel_layout
from bsff_hw.parts.arithmetic import restarted
from bsff_hw.parts.ram import ram
from bsff_hw.plan import LayerPlan

from .lane import coefficient_layout
from .update import coefficient_read_signature, moves_signature


class Coefficients(Planned):
    """Keep k and -C of every channel, in the memories of the lanes that use them.

    Members
    -------
    write : In(1)
    at : In(channel_layout(plan))
        The channel that is written.
    coefficient : In(coefficient_layout())
    read : In(coefficient_read_signature(plan))
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "write": In(1),
            "at": In(channel_layout(plan)),
            "coefficient": In(coefficient_layout()),
            "read": In(coefficient_read_signature(plan)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        layout = coefficient_layout()
        for part in range(self._plan.parts):
            for lane in range(self._plan.update_lanes):
                store = ram(unsigned(layout.size), self._plan.lane_words)
                m.submodules[f"part{part}_lane{lane}"] = store
                read, write = store.read_port(), store.write_port()
                m.d.comb += [
                    read.en.eq(self.read.enable),
                    read.addr.eq(self.read.address),
                    self.read.word[part][lane].eq(data.View(layout, read.data)),
                    write.data.eq(self.coefficient.as_value()),
                    write.addr.eq(self.at.step),
                    write.en.eq(self.write & (self.at.part == part) & (self.at.lane == lane)),
                ]
        return m


class Moves(Planned):
    """Sum the changes of each channel's weights over the taps.

    Members
    -------
    moves : In(moves_signature(plan))
        A word comes again after two cycles at the earliest.
    scanning : In(1)
        The memories are read for channels, and no moves come.
    at : In(channel_layout(plan))
        A channel.
    moved : Out(signed(moved_width))
        The sum of its changes, two cycles later.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "moves": In(moves_signature(plan)),
            "scanning": In(1),
            "at": In(channel_layout(plan)),
            "moved": Out(signed(plan.moved_width)),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        late, part, lane = Signal.like(self.moves.address), Signal.like(self.at.part), Signal.like(self.at.lane)
        m.d.sync += [late.eq(self.moves.address), part.eq(self.at.part), lane.eq(self.at.lane)]
        for i in range(plan.parts):
            for j in range(plan.update_lanes):
                store = ram(signed(plan.moved_width), plan.lane_words)
                m.submodules[f"part{i}_lane{j}"] = store
                add = store.write_port()
                seen = store.read_port()
                m.d.comb += [
                    seen.en.eq(1),
                    seen.addr.eq(Mux(self.scanning, self.at.step, self.moves.address)),
                    add.addr.eq(late),
                    add.data.eq(restarted(self.moves.changes[i][j], self.moves.first, seen.data)),
                    add.en.eq(self.moves.valid),
                ]
                with m.If((part == i) & (lane == j)):
                    m.d.sync += self.moved.eq(seen.data)
        return m
