"""The synthesis whose netlist nextpnr-ecp5 places, for a bitstream or to be simulated."""

from .families import FAMILIES
from .flow import CHECKED

PURGED = ("flatten", "opt_clean -purge")
"""Leave each wire one name: with several, ABC9 of yosys 0.70 puts some netlists together wrong, with an assertion of its own
(digits-small) or a register of two drivers (digits-tiny)."""


def script(source: str, top: str, made: str) -> str:
    """What yosys does: the commands of `bsff synth`, whose counts need the names of components, after `PURGED`, which drops them.

    Parameters
    ----------
    source : str
        File of the design.
    top : str
        Its top module.
    made : str
        File of the netlist, JSON.
    """
    family = FAMILIES["ecp5"]
    begin = [f"read_verilog {source}", f"hierarchy -top {top}", "proc", *PURGED, *family.prepare]
    return "\n".join([*begin, family.synthesis.format(top=top), *CHECKED, f"write_json {made}"]) + "\n"
