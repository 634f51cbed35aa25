"""The Verilog of a network, generated when it is asked for: importing this module imports no Amaranth."""

from bsff.config import Config
from bsff_hw.tools import need_amaranth


def generate(config: Config, block: str | None = None, *, reader: bool = True, primitives: str | None = None) -> str:
    """The text of one Verilog file whose top module is ``bsff``, or the name of the only block that is wanted.

    With `reader`, the machine has the AXI master that reads samples from memory; `primitives` is the family of devices whose
    primitives it may use, by default none.

    Raises
    ------
    DeviceError
        If Amaranth is not installed.
    """
    with need_amaranth():
        from bsff_hw.machine import top
    if block is not None:
        return top.block_verilog(config, block, primitives=primitives)
    return top.verilog(config, memory=reader, primitives=primitives)
