"""The sums of the update: for one weight row, input times response over all positions, a few active sites a cycle."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from bsff_hw.interfaces import Planned
from bsff_hw.parts.active import ActiveIndex
from bsff_hw.parts.arithmetic import all_of, restarted, total
from bsff_hw.plan import LayerPlan

from .response import response_read_signature
from .sites import chunk_layout


def change_sums_layout(plan: LayerPlan) -> data.ArrayLayout:
    """S of each lane of every part."""
    return data.ArrayLayout(data.ArrayLayout(unsigned(plan.change_width), plan.row_lanes), plan.parts)


class Correlate(Planned):
    """``S[j] = sum over positions of x d[j]`` of one pass after another; model: the matrix product in `bsff.golden.update`.

    Members
    -------
    chunks : In(stream)
        From `sites.Sites`; ready depends on the encoders in the same cycle, so that no cycle is lost between chunks, but not on
        that of the sums.
    words : Out(response_read_signature(plan))
    sums : Out(stream(change_sums_layout(plan)))

    Notes
    -----
    A chunk takes ``max(1, most active sites of a bank)`` cycles; six cycles from the last one to ``sums.valid``. Sums wait for their taker in registers
    of their own, while those of the next pass are added up; a pass takes two cycles at best.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "chunks": In(stream.Signature(chunk_layout(plan))),
            "words": Out(response_read_signature(plan)),
            "sums": Out(stream.Signature(change_sums_layout(plan))),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan, chunk = self._plan, self.chunks.payload
        enable, busy, load, done, complete = Signal(), Signal(), Signal(), Signal(), Signal()
        first, last = Signal(), Signal()
        base = Signal.like(chunk.base, name="chunk_base")
        encoders = self._encoders(m, load, busy & enable)
        m.d.comb += [
            enable.eq(~(complete & self.sums.valid)),
            self.words.enable.eq(enable),
            self.chunks.ready.eq(~busy | (enable & done)),
            load.eq(self.chunks.valid & self.chunks.ready),
            done.eq(all_of([e.single for row in encoders for e in row])),
        ]
        with m.If(load):
            m.d.sync += [busy.eq(1), first.eq(chunk.first), last.eq(chunk.last), base.eq(chunk.base)]
        with m.Elif(busy & enable):
            m.d.sync += [busy.eq(~done), first.eq(0)]

        # stage 1: addresses; 2: the memory; 3: a register behind it; 4: sum over banks; 5: over time
        stages = [(busy, first, last & done)]
        for i in (1, 2, 3, 4):
            stage = (Signal(name=f"valid{i}"), Signal(name=f"first{i}"), Signal(name=f"last{i}"))
            with m.If(enable):
                m.d.sync += [new.eq(old) for new, old in zip(stage, stages[-1], strict=True)]
            stages.append(stage)
        (valid4, first4, last4) = stages[4]
        for part in range(plan.parts):
            with m.If(enable):
                m.d.sync += [self.words.address[part][b].eq(base + e.index) for b, e in enumerate(encoders[part])]
            sites = self._sites(m, part, encoders[part], enable)
            for lane in range(plan.row_lanes):
                added = total([self._share(x, word[lane]) for x, word in sites])
                across = Signal(len(added), name=f"across{part}_{lane}")
                sum_so_far = Signal(plan.change_width, name=f"sum{part}_{lane}")
                with m.If(enable & stages[3][0]):
                    m.d.sync += across.eq(added)
                with m.If(enable & valid4):
                    m.d.sync += sum_so_far.eq(restarted(across, first4, sum_so_far))
                with m.If(~self.sums.valid):
                    m.d.sync += self.sums.payload[part][lane].eq(sum_so_far)
        with m.If(enable):
            m.d.sync += complete.eq(valid4 & last4)
        m.d.sync += self.sums.valid.eq(Mux(self.sums.valid, ~self.sums.ready, complete))
        return m

    def _encoders(self, m: Module, load: Signal, advance: Any) -> list[list[ActiveIndex]]:
        """An encoder of active sites for every bank of every part."""
        plan, inputs = self._plan, self.chunks.payload.inputs
        encoders: list[list[ActiveIndex]] = []
        for part in range(plan.parts):
            encoders.append([])
            for bank in range(plan.site_banks):
                mine = range(bank, plan.chunk_sites, plan.site_banks)
                sites = [inputs[part].word_select(i, plan.site_bits) for i in mine]
                # without a pool a site is one input, which is on if the site is listed at all
                encoder = ActiveIndex(len(mine), payload=plan.site_bits if plan.pooled else 0)
                m.submodules[f"active{part}_{bank}"] = encoder
                encoders[-1].append(encoder)
                m.d.comb += [
                    encoder.load.eq(load),
                    encoder.word.eq(Cat(site.any() for site in sites)),
                    encoder.carried.eq(Cat(*sites)),
                    encoder.advance.eq(advance),
                ]
        return encoders

    def _sites(self, m: Module, part: int, encoders: list[ActiveIndex], enable: Signal) -> list[tuple[Signal, Any]]:
        """Inputs and responses of the sites that the banks of a part list, side by side in stage 3."""
        result = []
        for bank, encoder in enumerate(encoders):
            x = [Signal(self._plan.site_bits, name=f"x{part}_{bank}_{i}") for i in (1, 2, 3)]
            word = Signal.like(self.words.word[part][bank], name=f"word{part}_{bank}")
            with m.If(enable):
                m.d.sync += [
                    x[0].eq(encoder.payload if self._plan.pooled else encoder.some),
                    x[1].eq(x[0]),
                    x[2].eq(x[1]),
                    word.eq(self.words.word[part][bank]),
                ]
            result.append((x[2], word))
        return result

    def _share(self, x: Signal, site: Any) -> Any:
        """What a site adds to a lane: its response, where the input of the position that responded is on."""
        bit = x.bit_select(site.winner, 1) if self._plan.pooled else x[0]
        return Mux(bit, site.response, 0)
