"""From the scores of a block to its verdict on a sample: class errors, loss, prediction, and logits for the host."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import fifo, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from bsff.contract.formats import ERROR_WIDTH, LABEL_WIDTH, LOGIT_WIDTH
from bsff_hw.interfaces import error_signature, index, logits

from .softmax import Softmax

QUEUED = 2
"""Samples whose logits wait in a block at most."""


def scores_signature(width: int, classes: int) -> wiring.Signature:
    """What makes logits of a map: started, then done for one cycle; ``logit`` is that of class ``number``, in the same cycle."""
    return wiring.Signature({"start": Out(1), "done": In(1), "number": Out(index(classes)), "logit": In(signed(width))})


def verdict_signature(classes: int) -> wiring.Signature:
    """A verdict, seen from the controller.

    Members: ``start`` judges the map, ``done`` for one cycle; then ``label_error``, ``loss`` and ``best`` (class of the
    largest logit) stay. ``show`` is held to queue the logits for the host, until ``shown``; ``blocked`` while there is no room.
    """
    return wiring.Signature(
        {
            "start": Out(1),
            "done": In(1),
            "label_error": In(signed(ERROR_WIDTH)),
            "loss": In(32),
            "best": In(index(classes)),
            "show": Out(1),
            "shown": In(1),
            "blocked": In(1),
        }
    )


class Verdict(wiring.Component):
    """Judge a map by its scores.

    Parameters
    ----------
    width : int
        Bits of a logit.
    classes : int

    Members
    -------
    control : In(verdict_signature(classes))
    scores : Out(scores_signature(width, classes))
    label : In(LABEL_WIDTH)
        Stable while a map is judged.
    errors : In(error_signature())
    logits : Out(stream)
        The logits that were shown, in order.
    """

    def __init__(self, width: int, classes: int) -> None:
        self._width, self._classes = width, classes
        super().__init__(
            {
                "control": In(verdict_signature(classes)),
                "scores": Out(scores_signature(width, classes)),
                "label": In(LABEL_WIDTH),
                "errors": In(error_signature(classes)),
                "logits": Out(logits()),
            }
        )

    def elaborate(self, platform) -> Module:
        m = Module()
        control, scores, classes = self.control, self.scores, self._classes
        m.submodules.softmax = softmax = Softmax(self._width, classes)
        m.submodules.queue = queue = fifo.SyncFIFO(width=LOGIT_WIDTH, depth=QUEUED * classes)
        connect(m, flipped(self.errors), softmax.errors)
        connect(m, queue.r_stream, flipped(self.logits))
        # a register stands behind the memories and multiplexers that logits come from
        number, logit, there = Signal(index(classes)), Signal(signed(self._width)), Signal()
        put = Signal()
        m.d.comb += [
            scores.start.eq(control.start),
            softmax.phase.start.eq(scores.done),
            control.done.eq(softmax.phase.done),
            scores.number.eq(Mux(control.show, number, softmax.number)),
            softmax.logit.eq(logit),
            softmax.label.eq(self.label),
            control.label_error.eq(softmax.label_error),
            control.loss.eq(softmax.loss),
            control.best.eq(softmax.best),
            queue.w_data.eq(logit),
            queue.w_en.eq(there),
            put.eq(there & queue.w_rdy),
            control.blocked.eq(there & ~queue.w_rdy),
            control.shown.eq(put & (number == classes - 1)),
        ]
        # a logit is asked for in one cycle and queued in the next, or when there is room
        m.d.sync += [logit.eq(scores.logit), there.eq(control.show & ~put)]
        with m.If(put):
            m.d.sync += number.eq(Mux(control.shown, 0, number + 1))
        return m
