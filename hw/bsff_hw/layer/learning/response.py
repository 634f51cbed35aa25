"""The response map: how each site's channels responded, kept until the update has used it."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.layer.forward.pool import pooled_layout
from bsff_hw.layer.scan import Counters
from bsff_hw.parts.ram import ram
from bsff_hw.plan.plan import LayerPlan


def site_layout(plan: LayerPlan) -> data.StructLayout:
    """What a site keeps of a channel."""
    fields = {"response": unsigned(plan.response_width)}
    if plan.pool == 2:
        fields["winner"] = unsigned(2)
    return data.StructLayout(fields)


class ResponseMap(wiring.Component):
    """Collect transfers into words of a fold's lanes, one word a site, spread over banks.

    Members
    -------
    start : In(1)
        A new map begins.
    take : In(1)
    fired : In
        A transfer of the pooled map.
    enable : In(1)
        The read ports move on with it.
    address : In(ArrayLayout(ArrayLayout(.., site_banks), parts))
        ``(fold * chunks + chunk) * chunk_depth + site // site_banks``.
    words : Out(ArrayLayout(ArrayLayout(ArrayLayout(site, row_lanes), site_banks), parts))
        One cycle after the address.
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        self.address_width = max(1, (plan.response_depth - 1).bit_length())
        self._word = data.ArrayLayout(site_layout(plan), plan.row_lanes)
        super().__init__(
            {
                "start": In(1),
                "take": In(1),
                "fired": In(pooled_layout(plan)),
                "enable": In(1),
                "address": In(data.ArrayLayout(data.ArrayLayout(self.address_width, plan.site_banks), plan.parts)),
                "words": Out(data.ArrayLayout(data.ArrayLayout(self._word, plan.site_banks), plan.parts)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        fold = Counters(
            m,
            {"step": plan.row_lanes // plan.tiles, "part": plan.parts, "fold": plan.folds},
            advance=self.take, clear=self.start, prefix="word_",
        )  # fmt: skip
        next_site = Signal()
        m.d.comb += next_site.eq(self.take & fold.last)
        site = Signal(range(max(2, plan.chunk_sites)))
        bank = Signal(range(max(2, plan.site_banks)))
        base, local = Signal(self.address_width), Signal(range(max(2, plan.chunk_depth)))
        with m.If(next_site):
            with m.If(site == plan.chunk_sites - 1):
                m.d.sync += [site.eq(0), bank.eq(0), local.eq(0), base.eq(base + plan.chunk_depth)]
            with m.Else():
                m.d.sync += [site.eq(site + 1), bank.eq(bank + 1)]
                with m.If(bank == plan.site_banks - 1):
                    m.d.sync += [bank.eq(0), local.eq(local + 1)]
        with m.If(self.start):
            m.d.sync += [site.eq(0), bank.eq(0), local.eq(0), base.eq(0)]

        # a word grows from transfers, the first in its lowest lanes
        fields = []
        for unit in range(plan.tiles):
            fields.append(self.fired.response[unit])
            if plan.pool == 2:
                fields.append(self.fired.winner[unit])
        arriving = Cat(fields)
        collected = Signal(self._word.size)
        word = Cat(collected, arriving)[len(arriving) :]
        with m.If(self.take):
            m.d.sync += collected.eq(word)
        written, where = Signal(self._word.size), Signal(self.address_width)
        targets = Signal(data.ArrayLayout(plan.site_banks, plan.parts))
        span = plan.chunks * plan.chunk_depth
        complete = self.take & fold.ends["step"]
        m.d.sync += [written.eq(word), where.eq(fold["fold"] * span + base + local), targets.eq(0)]
        for part in range(plan.parts):
            for own in range(plan.site_banks):
                with m.If(complete & (fold["part"] == part) & (bank == own)):
                    m.d.sync += targets[part][own].eq(1)
                store = ram(unsigned(self._word.size), plan.response_depth)
                m.submodules[f"part{part}_bank{own}"] = store
                write, read = store.write_port(), store.read_port()
                m.d.comb += [
                    write.addr.eq(where),
                    write.data.eq(written),
                    write.en.eq(targets[part][own]),
                    read.en.eq(self.enable),
                    read.addr.eq(self.address[part][own]),
                    self.words[part][own].eq(read.data),
                ]
        return m
