"""What the host sees: register file, registers and counters of a block, samples, encoder, results."""
