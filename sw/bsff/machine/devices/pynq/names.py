"""What the machine is called in a .hwh."""

VIVADO_VLNV = "xilinx.com:module_ref:bsff_ip:1.0"
"""What Vivado makes of a module reference."""
OWN_VLNV = "bsff.org:ip:bsff:1.0"
"""What our own handoff says."""
BINDTO = (VIVADO_VLNV, OWN_VLNV)
