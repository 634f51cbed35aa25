"""What components hand to each other, under one name each.

A signature is seen from the side that begins: `Out` flows away from it. The other side has it as `In(...)`.
"""

from typing import Any

from amaranth.hdl import Shape, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from bsff.contract.formats import ERROR_WIDTH, GENERATOR_WIDTH, LABEL_WIDTH, LOGIT_WIDTH


class Planned(wiring.Component):
    """A component whose ports follow from the plan of its layer or head.

    A subclass says in ``ports(plan)`` which: a dictionary of the members of its signature. The plan stays in ``_plan``.
    """

    def __init__(self, plan: Any) -> None:
        self._plan = plan
        super().__init__(self.ports(plan))


def index(count: int) -> Shape:
    """Shape of an index into `count` things, of at least one bit."""
    return unsigned(max(1, (count - 1).bit_length()))


def beat_layout(bits: int) -> data.StructLayout:
    """A beat of a stream of maps: activations of consecutive channels in unary, and the label of their sample."""
    return data.StructLayout({"bits": unsigned(bits), "label": unsigned(LABEL_WIDTH)})


def beats(bits: int) -> stream.Signature:
    """A stream of maps: positions in raster order, channels rising, `bits` bits a beat."""
    return stream.Signature(beat_layout(bits))


def logits() -> stream.Signature:
    """A stream of logits, class by class, sample by sample."""
    return stream.Signature(signed(LOGIT_WIDTH))


def generator_signature() -> wiring.Signature:
    """A generator of random numbers, seen from the registers.

    Members: ``load`` overwrites the low and the high half of the state with ``load_data``; ``state`` is what the golden
    model keeps between samples.
    """
    return wiring.Signature({"load": Out(2), "load_data": Out(32), "state": In(GENERATOR_WIDTH, init=1)})


def read_signature(address: Any, word: Any) -> wiring.Signature:
    """Port that reads a memory: ``word`` is the one at ``address`` a cycle after both; it stays without ``enable``."""
    return wiring.Signature({"enable": Out(1), "address": Out(address), "word": In(word)})


def phase_signature() -> wiring.Signature:
    """Something that is started and then done, for one cycle each."""
    return wiring.Signature({"start": Out(1), "done": In(1)})


def error_signature(classes: int) -> wiring.Signature:
    """Look up a class's error ``1[c = y] - p[c]``, `ERROR_BITS` fractional bits, in the same cycle."""
    return wiring.Signature({"number": Out(index(classes)), "error": In(signed(ERROR_WIDTH))})


def access_signature() -> wiring.Signature:
    """One word of a block's memories, seen from the host.

    Members: ``memory`` chooses one, as in `MEMORIES`; ``rewind`` goes to word 0; ``step`` to the next one; ``request``,
    held until ``done``, reads or, with ``write``, writes the word. A word past the end reads as 0.
    """
    return wiring.Signature(
        {
            "memory": Out(2),
            "rewind": Out(1),
            "step": Out(1),
            "request": Out(1),
            "write": Out(1),
            "data": Out(32),
            "done": In(1),
            "read": In(32),
        }
    )
