"""bsff: a network that trains itself with binary stochastic forward-forward, in software, simulation and on an FPGA."""
