"""From a map of bits to a map of bits: window, active taps, weight rows, sums, p-bits, pool."""
