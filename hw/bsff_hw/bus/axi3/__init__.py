"""The bridge from AXI3, which a Zynq-7000 speaks, to AXI4-Lite."""
