"""AXI: registers over AXI4-Lite, samples from memory, the bridge from AXI3."""
