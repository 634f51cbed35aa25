"""Logits on their way out: those of each sample, block by block, in one FIFO for the host."""

from amaranth.hdl import Array, Module, Mux, Signal, signed
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.wiring import In, Out

DEPTH = 512
"""Words that wait for the host; a full FIFO makes the pipeline wait."""


class Results(wiring.Component):
    """Take the logits of all classes from each block in turn.

    Parameters
    ----------
    blocks, classes : int

    Members
    -------
    logits : In(stream(signed(32))), one a block
    count : Out
        Words that wait.
    word : Out(32)
        The oldest word; 0 if there is none.
    take : In(1)
        `word` was read.
    drop : In(1)
        Forget all words.
    """

    def __init__(self, blocks: int, classes: int) -> None:
        self._blocks, self._classes = blocks, classes
        super().__init__(
            {
                "logits": In(stream.Signature(signed(32))).array(blocks),
                "count": Out(range(DEPTH + 1)),
                "word": Out(32),
                "take": In(1),
                "drop": In(1),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        m.submodules.store = store = fifo.SyncFIFOBuffered(width=32, depth=DEPTH)
        block, number = Signal(range(max(2, self._blocks))), Signal(range(self._classes))
        dropping = Signal()
        ports = [self.logits[i] for i in range(self._blocks)]
        valid, payload = Signal(), Signal(32)
        m.d.comb += [
            valid.eq(Array(port.valid for port in ports)[block]),
            payload.eq(Array(port.payload for port in ports)[block]),
            store.w_data.eq(payload),
            store.w_en.eq(valid & store.w_rdy),
            self.count.eq(Mux(dropping, 0, store.level)),
            self.word.eq(Mux(store.r_rdy, store.r_data, 0)),
            store.r_en.eq(store.r_rdy & (self.take | dropping)),
        ]
        for i, port in enumerate(ports):
            m.d.comb += port.ready.eq(store.w_rdy & (block == i))
        with m.If(store.w_en):
            m.d.sync += number.eq(Mux(number == self._classes - 1, 0, number + 1))
            with m.If(number == self._classes - 1):
                m.d.sync += block.eq(Mux(block == self._blocks - 1, 0, block + 1))
        with m.If(self.drop):
            m.d.sync += dropping.eq(1)
        with m.Elif(~store.r_rdy):
            m.d.sync += dropping.eq(0)
        return m
