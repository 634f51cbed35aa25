"""The whole machine, and its Verilog for other tools."""
