"""A small queue between two components: it ends the path of a ready signal."""

from typing import Any

from amaranth.hdl import Module, Value
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.wiring import In, Out


class Queue(wiring.Component):
    """Keep the words of a stream until they are taken; its ready comes from registers alone.

    Parameters
    ----------
    shape : shape-like
        Of the payload.
    depth : int
        Words it holds; two keep up a word a cycle.

    Members
    -------
    input : In(stream)
    output : Out(stream)
    level : Out(range(depth + 1))
        Words in it.

    Notes
    -----
    Latency one cycle. The words lie in distributed RAM, which takes no more room for 16 of them than for two.
    """

    def __init__(self, shape: Any, depth: int = 2) -> None:
        self._depth = depth
        super().__init__(
            {
                "input": In(stream.Signature(shape)),
                "output": Out(stream.Signature(shape)),
                "level": Out(range(depth + 1)),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        word = Value.cast(self.input.payload)
        m.submodules.words = words = fifo.SyncFIFO(width=len(word), depth=self._depth)
        m.d.comb += [
            words.w_data.eq(word),
            words.w_en.eq(self.input.valid),
            self.input.ready.eq(words.w_rdy),
            Value.cast(self.output.payload).eq(words.r_data),
            self.output.valid.eq(words.r_rdy),
            words.r_en.eq(self.output.ready),
            self.level.eq(words.level),
        ]
        return m
