"""One stream to several takers."""

from amaranth.hdl import Cat, Module, Shape, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


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
        Its word goes on once the last taker has it.
    output0, ... : Out(stream)

    Notes
    -----
    No latency and no storage: what one taker has while another waits is remembered, not the word.
    """

    def __init__(self, shape: Shape, takers: int) -> None:
        self._takers = takers
        outputs = {f"output{i}": Out(stream.Signature(shape)) for i in range(takers)}
        super().__init__({"input": In(stream.Signature(shape)), **outputs})

    def elaborate(self, platform) -> Module:
        m = Module()
        outputs = [getattr(self, f"output{i}") for i in range(self._takers)]
        has, takes = Signal(self._takers), Signal(self._takers)
        m.d.comb += [takes.eq(Cat(output.ready for output in outputs) | has), self.input.ready.eq(takes.all())]
        for i, output in enumerate(outputs):
            m.d.comb += [output.payload.eq(self.input.payload), output.valid.eq(self.input.valid & ~has[i])]
        with m.If(self.input.valid):
            m.d.sync += has.eq(takes & ~self.input.ready.replicate(self._takers))
        return m
