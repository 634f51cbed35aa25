"""The gateware, in Amaranth: one idea a file, each with its integer model."""
