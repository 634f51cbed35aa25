"""The response map: how each site's channels responded, kept until the update has used it."""

from typing import Any

from amaranth.hdl import Cat, Module, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In

from bsff_hw.interfaces import Planned, index, read_signature
from bsff_hw.layer.forward.pool import leaving_signature
from bsff_hw.parts.odometer import Odometer
from bsff_hw.parts.ram import ram
from bsff_hw.plan import LayerPlan


def site_layout(plan: LayerPlan) -> data.StructLayout:
    """What a site keeps of a channel."""
    fields = {"response": unsigned(plan.response_width)}
    if plan.pooled:
        fields["winner"] = unsigned(2)
    return data.StructLayout(fields)


def response_read_signature(plan: LayerPlan) -> wiring.Signature:
    """Read a site of every bank and part.

    The address is ``(fold * chunks + chunk) * chunk_depth + site // site_banks``; the word holds `row_lanes` channels.
    """
    word = data.ArrayLayout(site_layout(plan), plan.row_lanes)

    def each(shape: Any) -> data.ArrayLayout:
        return data.ArrayLayout(data.ArrayLayout(shape, plan.site_banks), plan.parts)

    return read_signature(each(index(plan.response_depth)), each(word))


class ResponseMap(Planned):
    """Keep how each site's channels responded until the update has used it: words of a fold's lanes, spread over banks.

    Members
    -------
    begin : In(1)
        A new map begins.
    leaving : In(leaving_signature(plan))
    words : In(response_read_signature(plan))
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {"begin": In(1), "leaving": In(leaving_signature(plan)), "words": In(response_read_signature(plan))}

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        limits = {"step": plan.row_lanes // plan.tiles, "part": plan.parts, "fold": plan.folds}
        fold = Odometer(m, limits, advance=self.leaving.valid, clear=self.begin)
        word_width, address_width = site_layout(plan).size * plan.row_lanes, index(plan.response_depth)
        next_site = Signal()
        m.d.comb += next_site.eq(self.leaving.valid & fold.last)
        site = Signal(index(plan.chunk_sites))
        bank = Signal(index(plan.site_banks))
        base, local = Signal(address_width), Signal(index(plan.chunk_depth))
        with m.If(next_site):
            with m.If(site == plan.chunk_sites - 1):
                m.d.sync += [site.eq(0), bank.eq(0), local.eq(0), base.eq(base + plan.chunk_depth)]
            with m.Else():
                m.d.sync += [site.eq(site + 1), bank.eq(bank + 1)]
                with m.If(bank == plan.site_banks - 1):
                    m.d.sync += [bank.eq(0), local.eq(local + 1)]
        with m.If(self.begin):
            m.d.sync += [site.eq(0), bank.eq(0), local.eq(0), base.eq(0)]

        # a word grows from beats, the first in its lowest lanes
        fields = []
        for unit in range(plan.tiles):
            fields.append(self.leaving.payload.response[unit])
            if plan.pooled:
                fields.append(self.leaving.payload.winner[unit])
        arriving = Cat(fields)
        collected = Signal(word_width)
        word = Cat(collected, arriving)[len(arriving) :]
        with m.If(self.leaving.valid):
            m.d.sync += collected.eq(word)
        written, where = Signal(word_width), Signal(address_width)
        targets = Signal(data.ArrayLayout(plan.site_banks, plan.parts))
        span = plan.chunks * plan.chunk_depth
        complete = self.leaving.valid & fold.ends["step"]
        m.d.sync += [written.eq(word), where.eq(fold["fold"] * span + base + local), targets.eq(0)]
        for part in range(plan.parts):
            for own in range(plan.site_banks):
                with m.If(complete & (fold["part"] == part) & (bank == own)):
                    m.d.sync += targets[part][own].eq(1)
                store = ram(unsigned(word_width), plan.response_depth)
                m.submodules[f"part{part}_bank{own}"] = store
                write, read = store.write_port(), store.read_port()
                m.d.comb += [
                    write.addr.eq(where),
                    write.data.eq(written),
                    write.en.eq(targets[part][own]),
                    read.en.eq(self.words.enable),
                    read.addr.eq(self.words.address[part][own]),
                    self.words.word[part][own].eq(read.data),
                ]
        return m
