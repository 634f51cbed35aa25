"""The sums of the update: for one weight row, input times response over all positions, a few active sites a cycle."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bsff_hw.parts.active import ActiveIndex
from bsff_hw.parts.arithmetic import all_of, restarted, total
from bsff_hw.plan.plan import LayerPlan

from .response import site_layout


class Correlate(wiring.Component):
    """``S[j] = sum over positions of x d[j]`` of one pass after another; model: the matrix product in `bsff.golden.update`.

    Members
    -------
    chunk_valid, inputs, base, first, last, chunk_next :
        From `sites.Sites`.
    enable, address, words :
        Read port of `response.ResponseMap`.
    sums : Out(ArrayLayout(ArrayLayout(change_width, row_lanes), parts))
    valid, ready :
        Handshake of `sums`.

    Notes
    -----
    A chunk takes ``max(1, most active sites of a bank)`` cycles; five cycles from the last one to `valid`.
    """

    def __init__(self, plan: LayerPlan) -> None:
        self._plan = plan
        self._address = max(1, (plan.response_depth - 1).bit_length())
        word = data.ArrayLayout(site_layout(plan), plan.row_lanes)
        super().__init__(
            {
                "chunk_valid": In(1),
                "inputs": In(data.ArrayLayout(plan.chunk_sites * plan.site_bits, plan.parts)),
                "base": In(range(max(2, plan.response_depth))),
                "first": In(1),
                "last": In(1),
                "chunk_next": Out(1),
                "enable": Out(1),
                "address": Out(data.ArrayLayout(data.ArrayLayout(self._address, plan.site_banks), plan.parts)),
                "words": In(data.ArrayLayout(data.ArrayLayout(word, plan.site_banks), plan.parts)),
                "sums": Out(
                    data.ArrayLayout(data.ArrayLayout(unsigned(plan.change_width), plan.row_lanes), plan.parts)
                ),
                "valid": Out(1),
                "ready": In(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        plan = self._plan
        enable, busy, load, done = Signal(), Signal(), Signal(), Signal()
        first, last = Signal(), Signal()
        base = Signal.like(self.base, name="chunk_base")
        m.d.comb += [
            enable.eq(~self.valid | self.ready),
            self.enable.eq(enable),
            load.eq(self.chunk_valid & (~busy | (enable & done))),
            self.chunk_next.eq(load),
        ]
        with m.If(load):
            m.d.sync += [busy.eq(1), first.eq(self.first), last.eq(self.last), base.eq(self.base)]
        with m.Elif(busy & enable):
            m.d.sync += [busy.eq(~done), first.eq(0)]

        encoders: list[list[ActiveIndex]] = []
        for part in range(plan.parts):
            encoders.append([])
            for bank in range(plan.site_banks):
                mine = range(bank, plan.chunk_sites, plan.site_banks)
                sites = [self.inputs[part].word_select(i, plan.site_bits) for i in mine]
                # without a pool a site is one input, which is on if the site is listed at all
                encoder = ActiveIndex(len(mine), payload=plan.site_bits if plan.pool == 2 else 0)
                m.submodules[f"active{part}_{bank}"] = encoder
                encoders[-1].append(encoder)
                m.d.comb += [
                    encoder.load.eq(load),
                    encoder.word.eq(Cat(site.any() for site in sites)),
                    encoder.carried.eq(Cat(*sites)),
                    encoder.advance.eq(busy & enable),
                ]
        m.d.comb += done.eq(all_of([e.single for row in encoders for e in row]))

        # stage 1: addresses; 2: the memory; 3: a register behind it; 4: sum over banks; 5: over time
        flags = [(busy, first, last & done)]
        for i in (1, 2, 3, 4):
            stage = (Signal(name=f"valid{i}"), Signal(name=f"first{i}"), Signal(name=f"last{i}"))
            with m.If(enable):
                m.d.sync += [new.eq(old) for new, old in zip(stage, flags[-1], strict=True)]
            flags.append(stage)
        for part in range(plan.parts):
            held, inputs = [], []
            for bank in range(plan.site_banks):
                x = [Signal(plan.site_bits, name=f"x{part}_{bank}_{i}") for i in (1, 2, 3)]
                word = Signal.like(self.words[part][bank], name=f"word{part}_{bank}")
                with m.If(enable):
                    m.d.sync += [
                        self.address[part][bank].eq(base + encoders[part][bank].index),
                        x[0].eq(encoders[part][bank].payload if plan.pool == 2 else encoders[part][bank].some),
                        x[1].eq(x[0]),
                        x[2].eq(x[1]),
                        word.eq(self.words[part][bank]),
                    ]
                held.append(word)
                inputs.append(x[2])
            for lane in range(plan.row_lanes):
                shares = []
                for word, x in zip(held, inputs, strict=True):
                    bit = x.bit_select(word[lane].winner, 1) if plan.pool == 2 else x[0]
                    shares.append(Mux(bit, word[lane].response, 0))
                added = total(shares)
                across = Signal(len(added), name=f"across{part}_{lane}")
                with m.If(enable & flags[3][0]):
                    m.d.sync += across.eq(added)
                with m.If(enable & flags[4][0]):
                    m.d.sync += self.sums[part][lane].eq(restarted(across, flags[4][1], self.sums[part][lane]))
        with m.If(enable):
            m.d.sync += self.valid.eq(flags[4][0] & flags[4][2])
        return m
