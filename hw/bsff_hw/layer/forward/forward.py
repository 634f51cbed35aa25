"""The forward pass of a layer: windows, sums of weight rows, p-bits, pool."""

from amaranth.hdl import Module
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.contract.formats import BIAS_WIDTH
from bsff_hw.interfaces import Planned, generator_signature
from bsff_hw.parts.channels import channel_read_signature
from bsff_hw.plan import LayerPlan

from .accumulate import Accumulate
from .emit import Emit
from .pixels import pixel_read_signature
from .pool import pooled_layout
from .weights import row_read_signature, row_write_signature
from .window import Window


class Forward(Planned):
    """Fire every p-bit of a map. Integer model: `bsff.golden.layer.forward`.

    Members
    -------
    begin : In(1)
        Start with the map at work.
    done : Out(1)
        Every p-bit has fired and the last beat is gone; until the next `begin`.
    pixels : Out(pixel_read_signature(plan))
    biases : Out(channel_read_signature())
    output : Out(stream)
        The pooled map, see `pool.Pool`.
    listed : Out
        Weight rows that are being read, each group's counted once.
    row : In(row_read_signature(plan))
    write : In(row_write_signature(plan))
    generator : In(generator_signature())
        The generator of the p-bits.
    """

    def ports(self, plan: LayerPlan) -> dict:
        return {
            "begin": In(1),
            "done": Out(1),
            "pixels": Out(pixel_read_signature(plan)),
            "biases": Out(channel_read_signature(plan.beats, plan.tiles, BIAS_WIDTH)),
            "output": Out(stream.Signature(pooled_layout(plan))),
            "listed": Out(range(plan.parts * plan.banks + 1)),
            "row": In(row_read_signature(plan)),
            "write": In(row_write_signature(plan)),
            "generator": In(generator_signature()),
        }

    def elaborate(self, platform) -> Module:
        m = Module()
        plan = self._plan
        m.submodules.window = window = Window(plan)
        m.submodules.accumulate = accumulate = Accumulate(plan)
        m.submodules.emit = emit = Emit(plan)
        connect(m, window.pixels, flipped(self.pixels))
        connect(m, window.windows, accumulate.windows)
        connect(m, accumulate.sums, emit.sums)
        connect(m, emit.output, flipped(self.output))
        connect(m, emit.biases, flipped(self.biases))
        connect(m, flipped(self.generator), emit.generator)
        connect(m, flipped(self.row), accumulate.row)
        connect(m, flipped(self.write), accumulate.write)
        m.d.comb += [
            window.start.eq(self.begin),
            emit.begin.eq(self.begin),
            accumulate.ready_ahead.eq(emit.ready_ahead),
            self.done.eq(emit.done),
            self.listed.eq(accumulate.listed),
        ]
        return m
