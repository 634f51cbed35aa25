"""The Verilog of a network, from the gateware package."""

from __future__ import annotations

from importlib import import_module

from bsff.config import Config
from bsff.errors import DeviceError


def generate(config: Config, block: str | None = None, *, reader: bool = True) -> str:
    """The text of one Verilog file whose top module is ``bsff``, or the name of the only block that is wanted.

    With `reader`, the machine has the AXI master that reads samples from memory.

    Raises
    ------
    DeviceError
        If the packages that generate it are not installed.
    """
    try:
        top = import_module("bsff_hw.machine.top")  # here, since what runs on a board has neither of them
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "amaranth":
            raise DeviceError(
                "generating Verilog needs amaranth, which is not installed: pip install 'bsff[hardware]'"
            ) from None
        if package == "bsff_hw":
            raise DeviceError(
                "generating Verilog needs the package bsff_hw, which this installation of bsff lacks: "
                "pip install 'bsff[hardware]' from a checkout of the repository"
            ) from None
        raise  # a fault of the gateware's own
    if block is not None:
        return str(top.block_verilog(config, block))
    return str(top.verilog(config) if reader else top.verilog(config, memory=False))
