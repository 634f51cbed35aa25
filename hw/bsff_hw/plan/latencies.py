"""Depths of pipelines, in clock cycles, that more than one component relies on; the tests hold the components to them."""

from bsff.contract.formats import ERROR_BITS

ROW_LATENCY = 4
"""From asking for a weight row to the row of every part: address, memory, the register behind it, the sum over banks."""
SOFTMAX_CLASS = ERROR_BITS + 6
"""Cycles of the softmax for a class: one to compare, two to look up, the rest to divide."""


def softmax_cycles(classes: int) -> int:
    """From the start of the softmax to its end: one subtractor divides for all classes."""
    return classes * SOFTMAX_CLASS + 2
