"""Depths of pipelines, in clock cycles, that more than one component relies on; the tests hold the components to them."""

ROW_LATENCY = 4
"""From asking for a weight row to the row of every part: address, memory, the register behind it, the sum over banks."""
SOFTMAX_CYCLES = 182
"""From the start of the softmax to its end: one subtractor divides for all classes."""
