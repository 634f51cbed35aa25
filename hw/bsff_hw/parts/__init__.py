"""Parts without a plan of a network: arithmetic, memories, counters, active indices, random numbers."""
