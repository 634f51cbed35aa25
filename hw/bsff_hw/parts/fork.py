"""One stream to several takers."""

from typing import Any

from amaranth.hdl import Cat, Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from .queue import Queue


class Fork(wiring.Component):
    """Give every word of a stream to each of several takers, each when it is ready.

    Parameters
    ----------
    shape : shape-like
        Of the payload.
    takers : int

    Members
    -------
    input : In(stream)
        A word is taken when each taker's queue has room for it.
    output0, ... : Out(stream)

    Notes
    -----
    Latency one cycle; a taker may be two words behind the others before they wait for it.
    """

    def __init__(self, shape: Any, takers: int) -> None:
        self._shape, self._takers = shape, takers
        outputs = {f"output{i}": Out(stream.Signature(shape)) for i in range(takers)}
        super().__init__({"input": In(stream.Signature(shape)), **outputs})

    def elaborate(self, platform) -> Module:
        m = Module()
        queues = [Queue(self._shape) for _ in range(self._takers)]
        m.d.comb += self.input.ready.eq(Cat(queue.input.ready for queue in queues).all())
        for i, queue in enumerate(queues):
            m.submodules[f"queue{i}"] = queue
            connect(m, queue.output, flipped(getattr(self, f"output{i}")))
            m.d.comb += [
                queue.input.payload.eq(self.input.payload),
                queue.input.valid.eq(self.input.valid & self.input.ready),
            ]
        return m
