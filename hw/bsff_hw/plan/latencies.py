"""Depths of pipelines, in clock cycles, that more than one component relies on; the tests hold the components to them."""

from bsff.contract.formats import ERROR_BITS

ROW_LATENCY = 5
"""From asking for a weight row to the row of every part: address, memory, the register behind it, the sum over banks, the sum
over time, which begins with the row."""
ROW = ROW_LATENCY
"""Cycles from one row of the update to the next at best: the next one is asked for when the one before is begun."""
SOFTMAX_CLASS = ERROR_BITS + 5
"""Cycles of the softmax for a class: one to compare, one to look up, the rest to divide."""
SOFTMAX_DRAIN = 8
"""Cycles in which its pipelines drain."""


def softmax_cycles(classes: int) -> int:
    """From the start of the softmax to its end: one subtractor divides for all classes."""
    return classes * SOFTMAX_CLASS + SOFTMAX_DRAIN
